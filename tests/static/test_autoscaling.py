# SPDX-License-Identifier: Apache-2.0
"""The script of the page "Autoscaling", with an API, a Docker and a clock that are made up."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "doc/source/admin/autoscaling.rst").read_text()
# What the API answers, one answer a turn; the last one goes on. An empty line is none.
CURL = """#!/bin/sh
turn=$(cat turn)
answer=$(sed -n "$((turn + 1))p" answers)
[ "$turn" -lt "$(wc -l <answers)" ] || answer=$(tail -n 1 answers)
[ -n "$answer" ] && echo "{\\"outstanding\\": $answer}"
"""
SLEEP = """#!/bin/sh
turn=$(cat turn)
echo $((turn + 1)) >turn
[ "$turn" -lt 24 ]
"""
DOCKER = '#!/bin/sh\necho "$@" | sed -n "s/.*worker=\\([0-9]*\\) worker$/\\1/p"\n'


@pytest.mark.parametrize(
    ("answers", "workers"),
    [
        (["0", "5"], ["5"]),
        (["100", "", "100"], ["8"]),
        (["9", "9", "0"], ["8", "1"]),
        ([""], []),
    ],
    ids=["more", "most", "fewer", "no-answer"],
)
def test_it_starts_workers_at_once_and_stops_them_after_a_while(tmp_path, answers, workers):
    block = re.search(r"   (#!/bin/sh\n(?:   .*\n)+)", PAGE)[1].replace("\n   ", "\n")
    for name, text in (("curl", CURL), ("sleep", SLEEP), ("docker", DOCKER), ("script", block)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "turn").write_text("0\n")
    (tmp_path / "answers").write_text("".join(f"{one}\n" for one in answers))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/scaler_password").write_text("any\n")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        [tmp_path / "script"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == workers, done.stderr
