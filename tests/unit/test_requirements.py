# SPDX-License-Identifier: Apache-2.0
"""Whatever is imported is named in a list of requirements, with the oldest version that works."""

import ast
import configparser
import functools
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"faafo", "tests", "benchmarks"}
# Known to type checkers only.
NO_LIBRARIES = {"_typeshed"}
DISTRIBUTIONS = packages_distributions()
LISTS = [
    *("requirements.txt", "test-requirements.txt"),
    *("tests/unit/requirements.txt", "benchmarks/requirements.txt"),
]
EXTRAS = {
    "faafo/client/clouds.py": "clouds",
    "faafo/render/webm.py": "film",
    "faafo/store/s3.py": "s3",
    "faafo/store/s3_client.py": "s3",
    "faafo/store/s3_errors.py": "s3",
    "faafo/tracing/otlp.py": "tracing",
}


def canonical(name: str) -> str:
    """Return the normalized name of a distribution (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lines_of(text: str) -> list[str]:
    """Return the requirements among the lines of a requirements file."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-r ")]


def listed(name: str) -> list[str]:
    """Return the requirements in a file, or those of the extra of that name."""
    if (ROOT / name).is_file():
        return lines_of((ROOT / name).read_text())
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return lines_of(setup["extras"][name])


@functools.cache
def declared(*names: str) -> set[str]:
    """Return the distributions that are named in any of those lists."""
    lines = [line for name in names for line in listed(name)]
    return {canonical(re.match(r"[\w.-]+", line)[0]) for line in lines}


def lists_for(path: str) -> list[str]:
    """Return the lists that apply to a module: the requirements of all who import it."""
    if path.startswith("faafo/"):
        return ["requirements.txt", *filter(None, [EXTRAS.get(path)])]
    lists = ["requirements.txt", "s3", "tracing", "film", "tests/unit/requirements.txt"]
    if not path.startswith("tests/unit/"):
        lists.append("test-requirements.txt")
    if path.startswith("benchmarks/"):
        lists.append("benchmarks/requirements.txt")
    return lists


def imported(path: Path) -> set[str]:
    """Return the top-level names of the libraries that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
    return found - OURS - NO_LIBRARIES - sys.stdlib_module_names


MODULES = [
    path.relative_to(ROOT).as_posix()
    for folder in sorted(OURS)
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def unknown_in(path: str) -> list[str]:
    """Return the libraries that a module imports and that no list for it names."""
    known = declared(*lists_for(path))
    return [name for name in imported(ROOT / path) if not is_named(name, known)]


def is_named(library: str, packages: set[str]) -> bool:
    """Tell whether one of ``packages`` brings a library.

    What is not installed is taken to be named like its package, or like the beginning of its name.
    """
    if library in DISTRIBUTIONS:
        return not packages.isdisjoint(canonical(one) for one in DISTRIBUTIONS[library])
    name = canonical(library)
    return any(one == name or one.startswith(f"{name}-") for one in packages)


# One test for all modules: there are hundreds, and a test of its own costs more than its answer.
def test_a_library_that_is_imported_is_a_requirement():
    assert {path: found for path in MODULES if (found := unknown_in(path))} == {}


@pytest.mark.parametrize("name", [*LISTS, *sorted(set(EXTRAS.values()))])
def test_a_requirement_names_the_oldest_version_that_works(name):
    for line in listed(name):
        assert re.match(r"[\w.-]+(\[\w+\])?>=[\d.]+", line), line
