# SPDX-License-Identifier: Apache-2.0
"""The command ``faafo`` and the Python API, against a real ``faafo-all``."""

import doctest
import hashlib
import http.server
import json
import os
import pty
import select
import signal
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import trustme
from PIL import Image

from faafo.cli.base import LOGIN_HINT
from faafo.client.http import Client
from faafo.client.parameters import make_task
from faafo.fractal.png import has_sides
from tests.functional.processes import (
    PATIENCE_SECONDS,
    SCRIPTS,
    Service,
    environment,
    running_api,
    wait_until,
    write_config,
)
from tests.functional.test_http_basic import write_users

ROOT = Path(__file__).parents[2]
Process = subprocess.Popen[str]
Finished = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a service whose worker is ready; it generates nothing by itself."""
    directory = tmp_path_factory.mktemp("all")
    config = write_config(
        directory / "all.conf", DEFAULT={"bind_port": 0, "min_tasks": 0, "max_tasks": 0}
    )
    with Service(directory, "faafo-all", "--config-file", config) as service:
        service.wait_for_line("Ready: ")
        line = service.wait_for_line("faafo is at ")
        yield line.removeprefix("faafo is at ").rstrip("/")


@dataclass
class Shell:
    """A directory to work in, and the address of a service."""

    directory: Path
    url: str

    @contextmanager
    def start(self, *argv: object, stderr: int = subprocess.PIPE) -> Iterator[Process]:
        """Run a command line during the block; it is killed at the end unless it has ended."""
        with subprocess.Popen(
            [SCRIPTS / "faafo", *map(str, argv)],
            env=environment(self.directory) | {"FAAFO_URL": self.url},
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            # As in a terminal, also if these tests run in the background, where it is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def faafo(self, *argv: object) -> Finished:
        """Run a command line."""
        with self.start(*argv) as process:
            output, error = process.communicate(timeout=PATIENCE_SECONDS)
        assert "Traceback" not in error
        return subprocess.CompletedProcess(argv, process.returncode, output, error)

    def script(self, text: str) -> Finished:
        """Run a script of bash."""
        return subprocess.run(
            ["bash", "-c", text],
            env=environment(self.directory) | {"FAAFO_URL": self.url},
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def images(self) -> list[str]:
        """Return the names of all files that are images, or parts of one."""
        return sorted(name for name in os.listdir(self.directory) if "png" in name)


@pytest.fixture
def shell(url: str, tmp_path: Path) -> Shell:
    return Shell(tmp_path, url)


def test_one_command_renders_and_saves_an_image(shell: Shell) -> None:
    options = ("--width", 800, "--height", 600, "--c", "-0.8+0.156i")
    finished = shell.faafo("render", *options, "-o", "x.png")
    assert (finished.returncode, finished.stderr) == (0, "")
    png = (shell.directory / "x.png").read_bytes()
    assert has_sides(png, 800, 600)
    listed = shell.faafo("fractal", "list", "-f", "json", "--long", "--limit", 1)
    (record,) = json.loads(listed.stdout)
    uuid = record["uuid"]
    assert (record["cx"], record["cy"], record["status"]) == (-0.8, 0.156, "complete")
    assert requests.get(f"{shell.url}/api/fractal/{uuid}/image", timeout=60).content == png
    shown = shell.faafo("fractal", "show", uuid, "-f", "value", "-c", "checksum")
    assert shown.stdout.strip() == hashlib.sha256(png).hexdigest()
    assert shell.faafo("fractal", "get", uuid).returncode == 0
    assert (shell.directory / f"{uuid}.png").read_bytes() == png
    assert shell.images() == sorted(["x.png", f"{uuid}.png"])


def test_images_and_uuids_go_through_pipes(shell: Shell) -> None:
    finished = shell.script(
        "set -eu -o pipefail\n"
        "faafo render --width 30 --height 20 -o - | cat > piped.png\n"
        "uuid=$(faafo fractal create --width 8 --height 6 -f value -c uuid)\n"
        'faafo fractal wait "$uuid"\n'
        'echo "$uuid" | xargs -r faafo fractal delete\n'
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.splitlines()[-1].startswith("deleted fractal ")
    assert has_sides((shell.directory / "piped.png").read_bytes(), 30, 20)


def test_a_poster_is_rendered_by_parts_and_saved(shell: Shell) -> None:
    finished = shell.script(
        "set -eu -o pipefail\n"
        "uuid=$(faafo poster create --size 30x20 --split 4 --output poster.png -f value -c uuid)\n"
        'faafo fractal show "$uuid" -f value -c parts\n'
        'faafo fractal list --children "$uuid" -f csv --quote none -c status -c band_rows\n'
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.splitlines() == [
        *("{'complete': 4}", "status,band_rows", *["complete,5"] * 4)
    ]
    assert has_sides((shell.directory / "poster.png").read_bytes(), 30, 20)


def test_a_film_is_rendered_by_frames_and_saved(shell: Shell) -> None:
    finished = shell.script(
        "set -eu -o pipefail\n"
        "uuid=$(faafo film create --circle 0,0.7885 --size 32x20 --frames 4 --fps 4 "
        "--output circle.webp -f value -c uuid)\n"
        'faafo fractal get "$uuid"\n'
        'cmp circle.webp "$uuid.webp"\n'
        'faafo fractal list --children "$uuid" -f value -c status | sort | uniq -c\n'
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.splitlines()[-1].split() == ["4", "complete"]
    with Image.open(shell.directory / "circle.webp") as film:
        assert (film.format, film.size, film.n_frames) == ("WEBP", (32, 20), 4)


def test_the_secret_of_a_webhook_goes_through_pipes(shell: Shell) -> None:
    finished = shell.script(
        "set -eu -o pipefail\n"
        "secret=whsec_$(head -c 32 /dev/zero | base64)\n"
        'uuid=$(echo "$secret" | faafo webhook create --secret-file - https://example.com/'
        " -f value -c uuid)\n"
        'faafo webhook rotate "$uuid" -f value -c secret | head -c 6\n'
        'faafo webhook delete "$uuid"\n'
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("whsec_deleted webhook ")


def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell) -> None:
    # More than a pipe holds.
    tasks = [make_task({"width": 1, "height": 1, "iterations": 1}) for _ in range(300)]
    Client(shell.url).create_all(tasks)
    for form in ("json", "table", "csv", "value"):
        finished = shell.script(
            f"faafo fractal list --long --limit 1000 -f {form} | head -1\necho ${{PIPESTATUS[*]}}"
        )
        assert finished.stdout.splitlines()[1:] == ["0 0"], form
        assert finished.stderr == ""


def test_an_output_that_cannot_be_written_is_one_line(shell: Shell) -> None:
    for command in ("faafo fractal list -f json", "faafo fractal list", "faafo complete"):
        finished = shell.script(f"{command} > /dev/full")
        assert finished.returncode == 1, command
        assert "No space left on device" in finished.stderr
        assert finished.stderr.count("\n") == 1
    finished = shell.script("faafo fractal list -f json >&-")
    assert (finished.returncode, finished.stderr) == (0, "")


def test_a_load_completes_and_prints_its_figures(shell: Shell) -> None:
    finished = shell.faafo("load", "--rate", 20, "--duration", "3s", "-f", "json")
    figures = json.loads(finished.stdout)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert [figures[name] for name in ("arrivals", "accepted", "complete")] == [60, 60, 60]
    assert (figures["errors"], figures["unfinished"]) == ({}, 0)
    for what in ("post", "complete"):
        times = [figures[f"{what}_{name}_ms"] for name in ("p50", "p95", "p99", "max")]
        assert times == sorted(times)
        assert times[0] > 0


def test_progress_is_shown_on_a_terminal(shell: Shell) -> None:
    terminal, end = pty.openpty()
    with shell.start("load", "--rate", 5, "--duration", "1s", stderr=end) as process:
        os.close(end)
        shown = b""
        while chunk := _read(terminal):
            shown += chunk
        os.close(terminal)
        output, _error = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert b" arrived, " in shown
    assert b"\r" in shown
    assert "arrived" not in output


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        # What Linux answers when the other end is closed.
        return b""


@pytest.fixture
def stalling() -> Iterator[tuple[str, threading.Event]]:
    """The URL of a service that answers one GET and then nothing, and what a POST sets."""
    posted, ended = threading.Event(), threading.Event()

    class Stalling(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = b'{"objects": []}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            posted.set()
            ended.wait()

        def log_message(self, *_arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stalling) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", posted
        ended.set()
        server.shutdown()
        thread.join()


def test_ctrl_c_ends_a_load_with_the_figures_so_far_though_nothing_answers(
    shell: Shell, stalling: tuple[str, threading.Event]
) -> None:
    shell.url, posted = stalling
    with shell.start("load", "--rate", 20, "--duration", "1h", "-f", "json") as process:
        assert posted.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=PATIENCE_SECONDS)
    figures = json.loads(output)
    assert (process.returncode, error) == (130, "")
    assert figures["arrivals"] >= 1
    assert (figures["accepted"], figures["complete_p50_ms"]) == (0, None)


def test_ctrl_c_ends_a_tail_of_events(shell: Shell) -> None:
    with shell.start("event", "tail", "--types", "fractal.queued") as process:

        def is_seen() -> bool:
            # Before the stream is open nobody is told.
            shell.faafo("fractal", "create", "--width", 8, "--height", 6)
            return bool(select.select([process.stdout], [], [], 0)[0])

        wait_until(is_seen, "an event")
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, error) == (130, "")
    assert "  fractal.queued  " in output


def test_ctrl_c_ends_a_render_and_names_what_is_left(shell: Shell) -> None:
    options = ("--width", 4000, "--height", 4000, "--iterations", 100_000, "--c", "0.25")
    with shell.start("render", *options) as process:
        (uuid,) = _posted(shell, width=4000)
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, output) == (130, "")
    assert error == f"faafo: fractal {uuid} remains with the service\n"
    assert shell.faafo("fractal", "delete", uuid).returncode == 0
    assert shell.images() == []


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Signs the certificates of a site."""
    return trustme.CA()


@pytest.fixture
def tls(url: str, authority: trustme.CA) -> Iterator[str]:
    """The URL of a proxy before the service that speaks TLS, with a certificate of its own site."""

    class Proxy(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = requests.get(url + self.path, timeout=PATIENCE_SECONDS).content
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_certificate_is_trusted_when_its_authority_is_named(
    shell: Shell, tls: str, authority: trustme.CA
) -> None:
    shell.url = tls
    finished = shell.faafo("fractal", "list")
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.startswith(f"faafo: {tls}: [SSL: CERTIFICATE_VERIFY_FAILED]")
    assert finished.stderr.endswith("; --cacert or FAAFO_CACERT names certificates to trust\n")
    assert finished.stderr.count("\n") == 1
    path = shell.directory / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    finished = shell.faafo("fractal", "list", "--cacert", path, "-f", "json")
    assert (finished.returncode, finished.stderr) == (0, "")


def test_a_service_that_asks_for_a_login_gets_it_from_the_variable(tmp_path: Path) -> None:
    users = tmp_path / "users"
    write_users(users, ("ada", "S3C ret"))
    options = {"auth_strategy": "http_basic", "http_basic_auth_user_file": users}
    with running_api(tmp_path, **options) as api:
        for login, error in (
            ("", "log in with a user name and a password"),
            ("ada:S3C@", "the user name or the password is wrong"),
            ("ada:S3C%20ret@", None),
        ):
            shell = Shell(tmp_path, api.url.replace("://", f"://{login}"))
            finished = shell.faafo("fractal", "create", "-f", "value", "-c", "status")
            expected = f"faafo: {error}; {LOGIN_HINT}\n"
            assert finished.stdout == ("queued\n" if error is None else "")
            assert finished.stderr == ("" if error is None else expected)
            assert finished.returncode == (0 if error is None else 1)


def test_what_the_service_refuses_is_one_line(shell: Shell) -> None:
    uuid = "12345678-9abc-4def-8123-456789abcdef"
    for argv, message in (
        (("fractal", "show", uuid), f"there is no fractal {uuid}"),
        (("render", "--width", 1_000_000, "--height", 1_000_000), "exceeds the limit"),
    ):
        finished = shell.faafo(*argv)
        assert (finished.returncode, finished.stdout) == (1, "")
        assert finished.stderr.startswith("faafo: ")
        assert message in finished.stderr
        assert finished.stderr.count("\n") == 1


def test_the_example_of_the_documentation_runs(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ROOT / "doc" / "source" / "user" / "python.rst"
    text = page.read_text().replace("http://127.0.0.1:5000", shell.url)
    examples = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert examples.examples
    monkeypatch.chdir(shell.directory)
    report: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(examples, out=report.append)
    assert failed.failed == 0, "".join(report)
    assert shell.images() == ["julia.png"]


def _posted(shell: Shell, width: int) -> list[str]:
    """Return the uuids of the fractals of that width, once there is one."""
    q = json.dumps({"filters": [{"name": "width", "op": "eq", "val": width}]})

    def found() -> list[str]:
        answer = requests.get(f"{shell.url}/api/fractal", params={"q": q}, timeout=60)
        return [record["uuid"] for record in answer.json()["objects"]]

    return wait_until(found, f"a fractal of {width} pixels")
