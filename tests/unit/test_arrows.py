# SPDX-License-Identifier: Apache-2.0
"""Who may import whom: the arrows of the architecture, held by walking the imports."""

import ast
import functools
from pathlib import Path

import pytest

import faafo

ROOT = Path(faafo.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# room -> the rooms it may import from, beside itself and those in FOR_ALL
ARROWS = {
    "": set(),
    "correlation": set(),
    "errors": set(),
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
FOR_ALL = {"correlation", "errors", "metrics", "pause", "retry", "tracing", "urls", "vital"}
LATE_IMPORTS = {
    ("faafo.core.jobs", "from faafo.recent.server import RecentJobs"),
    ("faafo.core.tile_gateway", "from faafo.rpc import tile"),
    ("faafo.db.schema", "from faafo.db import migrate"),
    (
        "faafo.meditation",
        "from oslo_reports.guru_meditation_report import TextGuruMeditation",
    ),
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
    "boto3": {"store"},
    "botocore": {"store"},
}


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@functools.cache
def imported_modules(path: Path) -> set[str]:
    """The modules of faafo that ``path`` imports; ``from a import b`` may mean a or a.b."""
    names = {name_of(module) for module in MODULES}
    found = set()
    for imported in imports_of(path):
        if imported.split(".")[0] == "faafo":
            found.add(imported if imported in names else imported.rpartition(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_where_an_arrow_leads(path):
    room = room_of(name_of(path))
    allowed = ARROWS[room] | FOR_ALL | {room, ""}
    assert {room_of(module) for module in imported_modules(path)} <= allowed


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_library_is_imported_in_its_room_only(path):
    room = room_of(name_of(path))
    for imported in imports_of(path):
        rooms = ONLY_IN.get(imported.split(".")[0])
        assert rooms is None or room in rooms, f"{imported} does not belong into {room}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_late_imports_listed_here_are_inside_a_function(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [one for one in ast.walk(node) if isinstance(one, ast.Import | ast.ImportFrom)]
            late = {(name_of(path), ast.unparse(one)) for one in inner}
            assert late <= LATE_IMPORTS, node.name


def test_no_modules_import_each_other_in_a_circle():
    graph = {name_of(path): imported_modules(path) - {name_of(path)} for path in MODULES}
    while leaves := {module for module, imported in graph.items() if not imported & graph.keys()}:
        graph = {module: graph[module] for module in graph.keys() - leaves}
    assert not graph


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_opens_with_one_sentence_and_stays_short(path):
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", "?"))
    assert len(path.read_text().splitlines()) <= 260


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_process_and_commands_touch_the_global_configuration(path):
    if room_of(name_of(path)) not in ("process", "cmd"):
        assert "cfg.CONF" not in path.read_text()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_sleeps(path):
    assert "time.sleep" not in path.read_text()
