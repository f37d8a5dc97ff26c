# SPDX-License-Identifier: Apache-2.0
"""The operator's guide has every metric, in a table for each role."""

import re
from pathlib import Path

import pytest

from faafo.metrics.catalogue import ROLES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "doc/source/admin/metrics.rst").read_text()
HEADING = r"\n\n[^\n]+\n[-^]{3,}\n"
ROW = re.compile(r"   \* - ``(\w+)``((?: ``\w+``)*)\n     - (\w+)\n     - (.+)\n")


@pytest.mark.parametrize("role", ROLES)
def test_the_guide_explains_the_metrics_of_a_role(role):
    section = re.split(HEADING, PAGE.partition(f"\n``faafo-{role}``\n^")[2])[0] + "\n"
    rows = [(name, kind, text) for name, _labels, kind, text in ROW.findall(section)]
    assert rows == [(one.name, one.kind, one.text) for one in ROLES[role]]
    labels = [re.findall(r"\w+", labels) for _name, labels, _kind, _text in ROW.findall(section)]
    assert labels == [[*one.labels] for one in ROLES[role]]
