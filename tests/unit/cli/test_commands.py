# SPDX-License-Identifier: Apache-2.0
"""The command line, against the real API."""

import hashlib
import json
import re
import subprocess
import sys

import pytest

from faafo.cli.commands import COMMANDS
from faafo.client import Client

UUID = "12345678-9abc-4def-8123-456789abcdef"
PNG = b"\x89PNG\r\n\x1a\n, for example"
NEVER_IMPORTED = {
    *("oslo_messaging", "oslo_config", "oslo_policy", "keystoneauth1", "numba", "numpy"),
    *("flask", "sqlalchemy", "cmd2"),
}


@pytest.fixture
def client(api_url):
    with Client(api_url) as client:
        yield client


@pytest.fixture
def finished(client, change, store):
    """The uuid of a complete fractal."""
    uuid = client.create(c=-0.8 + 0.156j).uuid
    store.save(uuid, PNG)
    checksum = hashlib.sha256(PNG).hexdigest()
    change(uuid, status="complete", checksum=checksum, duration=0.0001234567, size=len(PNG))
    return uuid


def test_create_shows_the_record(faafo):
    options = ("--width", 8, "--height", 6, "--c", "-0.8+0.156i", "--palette", "ember")
    status, output, _errors = faafo("fractal", "create", *options, "--uuid", UUID, "-f", "json")
    record = json.loads(output)
    assert status == 0
    assert (record["uuid"], record["width"], record["height"]) == (UUID, 8, 6)
    assert (record["cx"], record["cy"], record["palette"]) == (-0.8, 0.156, "ember")
    assert (record["formula"], record["inside"], record["density"]) == ("z2", None, 1)
    status, output, errors = faafo("fractal", "create", "--uuid", UUID)
    assert (status, output) == (1, "")
    assert errors == f"faafo: uuid: a fractal {UUID} exists already\n"


def test_a_drawing_is_posted_found_and_listed(faafo):
    options = ("--formula", "tricorn", "--colouring", "smooth", "--samples", 3)
    more = ("--offset", 0.5, "--density", 0.25, "--inside", "A0b0C0")
    assert faafo("fractal", "create", *options, *more, "--uuid", UUID)[0] == 0
    found = ("fractal", "list", "--long", "--formula", "tricorn", "--colouring", "smooth")
    (row,) = json.loads(faafo(*found, "-f", "json")[1])
    assert [row[name] for name in ("samples", "offset", "density", "inside")] == [
        *(3, 0.5, 0.25, "#a0b0c0")
    ]
    assert json.loads(faafo("fractal", "list", "--formula", "z4", "-f", "json")[1]) == []


def test_show_has_the_fields_of_the_rest_api(faafo, client, finished):
    _status, output, _errors = faafo("fractal", "show", finished, "-f", "json")
    assert json.loads(output) == client.get(finished).model_dump(mode="json", exclude_unset=True)
    assert re.search(r"\| status +\| complete", faafo("fractal", "show", finished)[1])
    assert faafo("fractal", "show", finished, "-f", "value", "-c", "size")[1] == f"{len(PNG)}\n"


def test_a_list_is_short_for_people_and_exact_for_programs(faafo, client, finished):
    _status, output, _errors = faafo("fractal", "list", "--long", "-f", "json")
    (row,) = json.loads(output)
    record = client.get(finished).model_dump(mode="json")
    assert row == {name: record[name] for name in row}
    assert row["duration"] == 0.0001234567
    assert row["fault"] is None
    table = faafo("fractal", "list", "--long")[1]
    assert " 0.000123457 " in table
    assert record["created_at"][:19].replace("T", " ") + " " in table
    assert "None" not in table
    assert list(json.loads(faafo("fractal", "list", "-f", "json")[1])[0]) == [
        *("uuid", "status", "width", "height", "palette", "created_at")
    ]


def test_a_poster_is_posted_and_its_parts_are_listed_by_their_rows(faafo):
    options = ("--width", 8, "--height", 6, "--split", 2)
    uuid = faafo("fractal", "create", *options, "-f", "value", "-c", "uuid")[1].strip()
    _status, output, _errors = faafo("fractal", "list", "--children", uuid, "-f", "json")
    assert [(one["first_row"], one["band_rows"]) for one in json.loads(output)] == [(3, 3), (0, 3)]
    (record,) = json.loads(faafo("fractal", "list", "-f", "json")[1])
    assert (record["uuid"], record["status"]) == (uuid, "rendering")
    status, _output, errors = faafo("fractal", "create", "--height", 6, "--split", 7)
    assert (status, errors) == (1, "faafo: split: must be at most the number of rows, 6, not 7\n")


def test_a_list_is_filtered_and_bounded(faafo, client, finished):
    for _ in range(3):
        client.create(palette="ember")
    value = ("-f", "value", "-c", "uuid")
    assert len(faafo("fractal", "list", *value)[1].splitlines()) == 4
    assert faafo("fractal", "list", "--status", "complete", *value)[1] == f"{finished}\n"
    assert len(faafo("fractal", "list", "--palette", "ember", *value)[1].splitlines()) == 3
    assert len(faafo("fractal", "list", "--limit", 2, *value)[1].splitlines()) == 2


def test_an_empty_list_is_an_empty_list(faafo):
    assert faafo("fractal", "list", "-f", "json") == (0, "[]\n", "")


def test_several_fractals_are_deleted_though_one_is_missing(faafo, client, finished):
    other = client.create().uuid
    status, output, errors = faafo("fractal", "delete", finished, UUID, other)
    assert status == 1
    assert output == f"deleted fractal {finished}\ndeleted fractal {other}\n"
    assert errors == f"faafo: there is no fractal {UUID}\n"
    assert list(client.find()) == []
    assert faafo("fractal", "delete", client.create().uuid)[0] == 0


def test_a_fractal_in_error_is_queued_again(faafo, client, change, finished):
    failed = client.create().uuid
    change(failed, status="error", fault="the disk is full")
    assert faafo("fractal", "retry", failed) == (0, f"queued fractal {failed} again\n", "")
    status, _output, errors = faafo("fractal", "retry", finished)
    assert status == 1
    assert "only a fractal in error can be retried" in errors


def test_wait_ends_with_1_unless_all_are_complete(faafo, client, change, finished):
    assert faafo("fractal", "wait", finished, finished.upper())[0] == 0
    failed, queued = client.create().uuid, client.create().uuid
    change(failed, status="error", fault="the disk is full")
    status, output, errors = faafo("fractal", "wait", finished, failed, "-f", "json")
    assert (status, errors) == (1, "")
    assert [row["status"] for row in json.loads(output)] == ["complete", "error"]
    status, output, errors = faafo("fractal", "wait", "--timeout", 0, finished, queued)
    assert status == 1
    assert "| queued " in output
    assert errors == "faafo: 1 of 2 fractal(s) neither complete nor in error after 0 s\n"


def test_an_image_is_saved(faafo, client, finished, tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    status, output, _errors = faafo("fractal", "get", finished, "-o", path)
    assert (status, path.read_bytes()) == (0, PNG)
    assert output == f"saved fractal {finished} as {path}: 640 x 480 pixels, {len(PNG)} bytes\n"
    monkeypatch.chdir(tmp_path)
    assert faafo("fractal", "get", finished)[0] == 0
    assert (tmp_path / f"{finished}.png").read_bytes() == PNG
    queued = client.create().uuid
    status, _output, errors = faafo("fractal", "get", queued, "-o", path)
    assert (status, errors) == (1, f"faafo: fractal {queued} is queued: no image yet\n")
    assert path.read_bytes() == PNG


def test_a_render_that_takes_too_long_names_its_fractal(faafo, client, tmp_path):
    status, _output, errors = faafo("render", "--timeout", 0, "-o", tmp_path / "x.png")
    (fractal,) = client.find()
    assert status == 1
    assert errors.splitlines() == [
        f"faafo: fractal {fractal.uuid} remains with the service",
        f"faafo: fractal {fractal.uuid} is still queued after 0 seconds",
    ]
    assert list(tmp_path.glob("*.png")) == []


def test_nothing_is_posted_when_the_image_cannot_be_saved(faafo, client, tmp_path):
    status, _output, errors = faafo("render", "-o", tmp_path / "a" / "x.png")
    assert (status, errors) == (
        1,
        f"faafo: {tmp_path}/a/x.png: there is no directory {tmp_path}/a\n",
    )
    assert list(client.find()) == []


REFUSED = {
    "width": (
        ("render", "--width", 0),
        "argument --width: must be an integer from 1 to 214748",
    ),
    "c": (("render", "--c", "-x"), "argument --c: "),
    "window": (("render", "--xa", "-1"), "xb: is missing; a window has xa, xb, ya, yb"),
    "palette": (("render", "--palette", "plaid"), "argument --palette: invalid choice: 'plaid'"),
    "formula": (("render", "--formula", "z5"), "argument --formula: invalid choice: 'z5'"),
    "samples": (("render", "--samples", 5), "--samples: must be an integer from 1 to 4, not '5'"),
    "offset": (("render", "--offset", 2), "argument --offset: must be a number from 0 to 1"),
    "inside": (("render", "--inside", "red"), "--inside: must be red, green and blue such as"),
    "limit": (("fractal", "list", "--limit", "1e3"), "argument --limit: must be an integer from 1"),
    "status": (
        ("fractal", "list", "--status", "lost"),
        "--status: invalid choice: 'lost' (choose",
    ),
    "uuid": (("fractal", "show", "7"), "argument UUID: must be a UUID"),
    "no uuid": (("fractal", "delete"), "the following arguments are required: UUID"),
    "timeout": (
        ("fractal", "wait", "--timeout", "9d", UUID),
        "argument --timeout: must be a du",
    ),
    "rate": (
        ("load", "--rate", 0),
        "argument --rate: must be fractals a second, from 0.01 to",
    ),
    "duration": (
        ("load", "--duration", "0s"),
        "argument --duration: must be a duration from 1s",
    ),
    "number": (
        ("load", "--rate", 1000, "--duration", "1h"),
        "--duration: at --rate 1000 it must be at most 1000s, not 3600s",
    ),
    "url": (("--url", "ftp://u:S3C@h", "fractal", "list"), "argument --url: ftp://u:***@h: must"),
    "cacert": (("--cacert", "/nowhere", "fractal", "list"), "argument --cacert: /nowhere: No such"),
    "option": (("fractal", "list", "--nope"), "unrecognized arguments: --nope"),
    "no command": ((), "a command is missing; faafo --help lists them"),
}


@pytest.mark.parametrize(("argv", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_command_line_is_refused_in_two_lines_with_status_2(faafo, client, argv, message):
    status, output, errors = faafo(*argv)
    assert (status, output) == (2, "")
    assert message in errors
    assert "S3C" not in errors
    assert re.fullmatch(r"usage: faafo.*\n( +\[.*\n)?faafo.*: error: .*\n", errors)
    assert list(client.find()) == []


def test_an_unknown_command_is_answered_with_similar_ones(faafo):
    status, output, errors = faafo("fractal", "lsit")
    assert status == 2
    assert "fractal list" in output + errors


@pytest.mark.parametrize("name", ["FAAFO_URL", "FAAFO_CACERT"])
def test_a_wrong_variable_is_named(faafo, monkeypatch, name):
    monkeypatch.setenv(name, "/nowhere")
    status, _output, errors = faafo("fractal", "list")
    assert status == 2
    assert f"error: environment variable {name}: /nowhere: " in errors


def test_a_service_that_is_away_is_one_line(faafo):
    status, output, errors = faafo("--url", "http://127.0.0.1:9", "fractal", "list")
    assert (status, output) == (1, "")
    assert errors == (
        "faafo: http://127.0.0.1:9: [Errno 111] Connection refused; is faafo running there? "
        "--url or FAAFO_URL is the address of another one\n"
    )


def test_a_limit_of_the_service_is_told_in_its_words(faafo, conf):
    conf.set_override("max_width", 100, "api")
    status, _output, errors = faafo("fractal", "create", "--width", 101)
    assert status == 1
    assert errors.startswith("faafo: width: ")


def test_a_load_that_is_refused_says_why(faafo, conf):
    conf.set_override("max_width", 100, "api")
    options = ("--rate", 5, "--duration", "1s", "--width", 101, "-f", "json")
    status, output, errors = faafo("load", *options)
    assert status == 1
    assert json.loads(output)["errors"] == {"POST 400": 5}
    assert errors == "faafo: POST 400: width: 101 exceeds the limit, [api] max_width = 100\n"


def test_a_load_needs_a_service(faafo):
    status, output, errors = faafo("--url", "http://127.0.0.1:9", "load")
    assert (status, output) == (1, "")
    assert "Connection refused; is faafo running there?" in errors


def test_global_options_may_follow_the_command(faafo, api_url, monkeypatch):
    monkeypatch.delenv("FAAFO_URL")
    assert faafo("fractal", "list", "-f", "json", "--url", f"{api_url}/")[0] == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help(command_line, name):
    for argv in (
        ("help", *name.split()),
        (*name.split(), "--help"),
        (*name.split(), "--x=1", "-h"),
    ):
        status, output, errors = command_line(*argv)
        assert (status, errors) == (0, "")
        assert output.startswith(f"usage: faafo {name} [")
    if name not in ("help", "complete"):
        assert f"Examples:\n\n  $ faafo {name}" in output


def test_the_help_lists_the_commands(command_line):
    for argv in (("--help",), ("help",), ("-h",)):
        status, output, _errors = command_line(*argv)
        assert status == 0
        for name in COMMANDS:
            assert re.search(rf"^  {name}  +\w", output, re.MULTILINE)


def test_a_completion_knows_the_commands_and_their_options(faafo):
    status, output, _errors = faafo("complete")
    assert status == 0
    (line,) = [one.strip() for one in output.splitlines() if one.strip().startswith("cmds='")]
    assert line.split("'")[1].split() == sorted({name.split()[0] for name in COMMANDS})
    assert "cmds_fractal='create delete get list retry share show wait'" in output
    assert re.search(r"cmds_render='.*--palette", output)


@pytest.mark.parametrize(
    "argv",
    [
        "fractal list -f json",
        "fractal list -f yaml",
        "fractal list -f csv",
        "fractal create --width 8",
        "render --timeout 0",
        "fractal show UUID",
        "fractal delete UUID",
        "webhook list",
        "fractal share --stop UUID",
        "load --rate 2 --duration 1s --timeout 0",
        "complete",
        "--help",
    ],
)
def test_no_command_imports_what_services_need(api_url, argv, tmp_path):
    code = (
        "import sys\nfrom faafo.cmd import entry\nentry.user()\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code, *argv.replace("UUID", UUID).split()],
        env={"FAAFO_URL": api_url, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    imported = set(finished.stderr.split())
    assert "cliff" in imported or finished.returncode == 0
    assert not imported & NEVER_IMPORTED
