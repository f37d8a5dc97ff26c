# SPDX-License-Identifier: Apache-2.0
"""What every source file begins with."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("faafo", "tests", "benchmarks", "tools", "container")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file()
    if path.suffix in (".py", ".js", ".css", ".html") or path.read_bytes()[:2] == b"#!"
    if "results" not in path.parts
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_source_file_names_its_licence(path):
    assert "SPDX-License-Identifier: Apache-2.0" in "".join(path.read_text().splitlines()[:2])
