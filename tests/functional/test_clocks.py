# SPDX-License-Identifier: Apache-2.0
"""Two APIs whose hosts do not agree on the time, on one database."""

import os
import shutil
from dataclasses import replace

import pytest

from tests.functional.processes import SCRIPTS, Service, running_api

WITHOUT_MONOTONIC = "FAKETIME_DONT_FAKE_MONOTONIC=1"


@pytest.mark.skipif(
    shutil.which("faketime") is None and os.environ.get("CI") != "true",
    reason="faketime is missing; install it with: apt-get install faketime",
)
@pytest.mark.parametrize("shift", ["+1h", "-1h"])
def test_an_api_whose_clock_is_wrong_takes_no_lease_away(tmp_path, server_url, shift) -> None:
    with running_api(tmp_path, server_url) as api:
        command = [WITHOUT_MONOTONIC, "faketime", "-f", shift, SCRIPTS / "faafo-api"]
        arguments = [*command, "--config-file", api.config]
        with Service(tmp_path, "/usr/bin/env", *arguments, name="wrong") as service:
            wrong = replace(api, url=service.wait_for_url(), service=service)
            first, second = (one.post_fractal()["uuid"] for one in (api, wrong))
            assert [one["uuid"] for one in api.claim(count=2, lease=30)] == [first, second]
            assert wrong.claim(count=2) == []
            third = wrong.post_fractal()["uuid"]
            assert [one["uuid"] for one in wrong.claim(lease=30)] == [third]
            assert api.claim() == []
            # faketime does not pass signals on.
            service.kill()
