# SPDX-License-Identifier: Apache-2.0
"""Who may import whom: the arrows of the architecture, held by walking the imports."""

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faafo

ROOT = Path(faafo.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# room -> the rooms it may import from, beside itself and those in FOR_ALL
ARROWS = {
    "": set(),
    "correlation": set(),
    "errors": set(),
    "outage": set(),
    "pause": set(),
    "retry": set(),
    "urls": set(),
    "vital": set(),
    "metrics": set(),
    "egress": set(),
    "fractal": set(),
    "render": {"fractal"},
    "conf": {"fractal"},
    "stop": set(),
    "logs": {"stop"},
    "meditation": set(),
    "process": {"conf", "fractal", "logs", "meditation", "stop"},
    "tracing": set(),
    "store": {"client", "fractal"},
    "rpc": {"fractal"},
    "client": {"fractal"},
    "recent": {"fractal"},
    "db": {"fractal"},
    "core": {"db", "egress", "fractal", "recent", "rpc", "store"},
    "web": {"core", "db", "fractal", "store"},
    "api": {"core", "db", "egress", "fractal", "store"},
    "policies": set(),
    "auth": {"core", "policies"},
    "app": {"api", "auth", "policies", "web", "core", "db", "fractal", "store"},
    "producer": {"client", "rpc", "fractal"},
    "notifier": {"client", "egress", "fractal", "rpc"},
    "worker": {"rpc", "store", "fractal", "render"},
    "reader": {"client", "fractal", "recent", "rpc"},
    "cli": {"client", "fractal"},
    "cmd": {
        "cli",
        "conf",
        "process",
        "app",
        "client",
        "core",
        "db",
        "fractal",
        "notifier",
        "producer",
        "reader",
        "recent",
        "worker",
        "rpc",
        "store",
    },
    "wsgi": {"process", "app", "core", "store"},
}
FOR_ALL = {
    "correlation",
    "errors",
    "metrics",
    "outage",
    "pause",
    "retry",
    "tracing",
    "urls",
    "vital",
}
LATE_IMPORTS = {
    ("faafo.core.jobs", "from faafo.recent.server import RecentJobs"),
    ("faafo.core.tile_gateway", "from faafo.rpc import tile"),
    ("faafo.db.engine", "from faafo.db import postgresql"),
    ("faafo.db.schema", "from faafo.db import migrate"),
    (
        "faafo.meditation",
        "from oslo_reports.guru_meditation_report import TextGuruMeditation",
    ),
    ("faafo.worker.films", "from faafo.render import webm"),
    ("faafo.tracing.start", "from faafo.tracing import otlp"),
}
ONLY_IN = {
    "oslo_messaging": {"rpc"},
    "oslo_context": {"app", "auth", "core", "correlation", "rpc", "worker"},
    "opentelemetry": {"tracing"},
    "oslo_policy": {"auth", "policies"},
    "bcrypt": {"auth"},
    "keystoneauth1": {"auth", "client"},
    "openstack": {"client"},
    "keystonemiddleware": {"auth"},
    "webob": {"auth"},
    "oslo_reports": {"meditation"},
    "oslo_upgradecheck": {"cmd"},
    "oslo_service": {"process", "rpc"},
    "numba": {"render"},
    "llvmlite": {"render"},
    "numpy": {"render"},
    "prometheus_client": {"metrics"},
    "redis": {"recent"},
    "requests": {"client"},
    "cliff": {"cli"},
    "sqlalchemy": {"db", "core", "api", "app", "web", "cmd"},
    "flask": {"api", "app", "auth", "core", "web"},
    "waitress": {"app"},
    "av": {"render"},
    "boto3": {"store"},
    "botocore": {"store"},
}


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def top(imported: str) -> str:
    return imported.partition(".")[0]


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


NAMES = {name_of(module) for module in MODULES}


@functools.cache
def imported_modules(path: Path) -> set[str]:
    """The modules of faafo that ``path`` imports; ``from a import b`` may mean a or a.b."""
    found = set()
    for imported in imports_of(path):
        if top(imported) == "faafo":
            found.add(imported if imported in NAMES else imported.rpartition(".")[0])
    return found


def those_that(breaks: Callable[[Path], Any]) -> dict[str, Any]:
    """Return what ``breaks`` finds, by the names of the modules that it finds something in.

    There are hundreds of modules, and a test of its own costs more than the answer for one.
    """
    return {name_of(path): found for path in MODULES if (found := breaks(path))}


def functions_in(path: Path) -> list[ast.AST]:
    tree = ast.walk(parsed(path))
    return [node for node in tree if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_a_module_imports_only_where_an_arrow_leads():
    def astray(path):
        room = room_of(name_of(path))
        allowed = ARROWS[room] | FOR_ALL | {room, ""}
        return {room_of(module) for module in imported_modules(path)} - allowed

    assert those_that(astray) == {}


def test_a_library_is_imported_in_its_room_only():
    def astray(path):
        room = room_of(name_of(path))
        return [one for one in imports_of(path) if room not in ONLY_IN.get(top(one), {room})]

    assert those_that(astray) == {}


def test_only_the_late_imports_listed_here_are_inside_a_function():
    def late(path):
        nodes = [node for function in functions_in(path) for node in ast.walk(function)]
        inner = [one for one in nodes if isinstance(one, ast.Import | ast.ImportFrom)]
        return {(name_of(path), ast.unparse(one)) for one in inner} - LATE_IMPORTS

    assert those_that(late) == {}


def test_no_modules_import_each_other_in_a_circle():
    graph = {name_of(path): imported_modules(path) - {name_of(path)} for path in MODULES}
    while leaves := {module for module, imported in graph.items() if not imported & graph.keys()}:
        graph = {module: graph[module] for module in graph.keys() - leaves}
    assert not graph


def test_a_module_opens_with_one_sentence():
    def opens_otherwise(path):
        docstring = ast.get_docstring(parsed(path))
        return not docstring or not docstring.splitlines()[0].endswith((".", "?"))

    assert those_that(opens_otherwise) == {}


def test_a_module_stays_short():
    lengths = those_that(lambda path: len(path.read_text().splitlines()))
    assert {name: lines for name, lines in lengths.items() if lines > 260} == {}


def test_only_process_and_commands_touch_the_global_configuration():
    touching = those_that(lambda path: "cfg.CONF" in path.read_text())
    assert {name for name in touching if room_of(name) not in ("process", "cmd")} == set()


def test_nothing_sleeps():
    assert those_that(lambda path: "time.sleep" in path.read_text()) == {}
