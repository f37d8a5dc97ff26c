# SPDX-License-Identifier: Apache-2.0
"""The API under another WSGI server than the one that comes along."""

import subprocess
import sys

import requests

from tests.functional.processes import environment, write_config

SERVER = """
from wsgiref.simple_server import make_server
from faafo.wsgi import application
with make_server("127.0.0.1", 0, application) as server:
    print(server.server_port, flush=True)
    for _number in range(2):
        server.handle_request()
"""


def test_any_wsgi_server_can_serve_the_application(tmp_path):
    config = write_config(tmp_path / "api.conf", DEFAULT={"state_path": tmp_path})
    variables = {**environment(tmp_path), "FAAFO_CONFIG_FILES": str(config)}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        assert requests.get(f"{url}/healthcheck", timeout=120).json() == {"status": "ok"}
        assert requests.get(f"{url}/api/fractal", timeout=120).json()["objects"] == []
    assert server.returncode == 0
    assert (tmp_path / "faafo.sqlite").exists()
