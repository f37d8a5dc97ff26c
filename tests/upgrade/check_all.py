# SPDX-License-Identifier: Apache-2.0
"""``faafo-all`` of the release before is stopped; that of this one goes on with its pictures."""

import hashlib
from pathlib import Path
from random import Random
from typing import Any

import requests

from tests.chaos.ledger import Ledger
from tests.functional.processes import Service, wait_until, write_config
from tests.upgrade.check_rolling import tasks_of_both
from tests.upgrade.fleet import LABEL, Poster
from tests.upgrade.news import News

COUNT = 6


def test_one_command_upgrades_its_own_database_and_goes_on(tmp_path: Path, old, new):
    # Places are the defaults of both.
    groups: dict[str, dict[str, Any]] = {"DEFAULT": {"bind_port": 0}, "worker": {"labels": LABEL}}
    config = write_config(tmp_path / "all.conf", **groups)
    words = ("faafo-all", "--config-file", config)
    with Service(tmp_path, *old.command(*words), name="old") as service:
        url = _url(service)
        wait_until(lambda: len(_complete(url)) >= COUNT, "the first pictures")
        before = {one["uuid"]: one["checksum"] for one in _complete(url)}
        ledger = Poster([url])
        ledger.post_all(tasks_of_both(Random(7), COUNT), 0.0)
    with Service(tmp_path, *new.command(*words), name="new") as service:
        url = _url(service)
        wait_until(lambda: _are_complete(url, ledger), "what was queued to be complete")
        after = {uuid: _record(url, uuid)["checksum"] for uuid in before}
        assert after == before
        served = {uuid: hashlib.sha256(_image(url, uuid)).hexdigest() for uuid in before}
        assert served == before
        verdict = ledger.judge(url, [_record(url, uuid) for uuid in ledger.attempted])
        assert (verdict.complete, verdict.wrong_checksum, verdict.lost) == (COUNT, 0, 0)
        news = News(url)
        news.post()
        news.finish()
        assert "Traceback" not in service.output()


def _url(service: Service) -> str:
    line = service.wait_for_line("faafo is at http://")
    return line.partition("faafo is at ")[2].strip().rstrip("/")


def _complete(url: str) -> list[dict[str, Any]]:
    q = '{"filters":[{"name":"status","op":"==","val":"complete"}]}'
    parameters: dict[str, Any] = {"q": q, "results_per_page": 100}
    answer = requests.get(f"{url}/api/fractal", params=parameters, timeout=120)
    return answer.json()["objects"]


def _record(url: str, uuid: str) -> dict[str, Any]:
    return requests.get(f"{url}/api/fractal/{uuid}", timeout=120).json()


def _image(url: str, uuid: str) -> bytes:
    return requests.get(f"{url}/api/fractal/{uuid}/image", timeout=120).content


def _are_complete(url: str, ledger: Ledger) -> bool:
    return {_record(url, uuid)["status"] for uuid in ledger.acknowledged} == {"complete"}
