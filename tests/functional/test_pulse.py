# SPDX-License-Identifier: Apache-2.0
"""A worker and a producer show that they live, and no more once their broker is away."""

import os
from pathlib import Path

import pytest

from tests.chaos.proxy import Link
from tests.functional.processes import Service, wait_until, write_config
from tests.functional.servers import RabbitMQ


@pytest.mark.parametrize("script", ["faafo-worker", "faafo-producer"])
def test_a_file_is_touched_while_the_broker_answers(
    tmp_path: Path, rabbitmq: RabbitMQ, script: str
) -> None:
    pulse = tmp_path / "pulse"
    url = rabbitmq.virtual_host()
    with Link(rabbitmq.port) as link:
        config = write_config(
            tmp_path / "service.conf",
            DEFAULT={
                "transport_url": url.replace(f":{rabbitmq.port}/", f":{link.port}/"),
                "filesystem_store_datadir": tmp_path,
                "endpoint_url": "http://127.0.0.1:9",
            },
            rpc={"pulse_file": pulse, "pulse_interval": 0.5},
        )
        with Service(tmp_path, script, "--config-file", config) as service:
            wait_until(pulse.exists, "the first sign of life")
            beats(pulse)
            link.cut()
            service.wait_for_line("the call to this service through the broker failed")
            # What had been under way before the cut is through by now.
            os.utime(pulse, (0, 0))
            refused = len(service.lines_with("Connection refused"))
            wait_until(
                lambda: len(service.lines_with("Connection refused")) > refused + 3,
                "some more attempts to reach the broker",
            )
            assert pulse.stat().st_mtime == 0
            link.heal()
            beats(pulse)


def beats(pulse: Path) -> None:
    """Wait until the file has been touched twice."""
    for _ in range(2):
        os.utime(pulse, (0, 0))
        wait_until(lambda: pulse.stat().st_mtime > 0, "a sign of life")
