# SPDX-License-Identifier: Apache-2.0
"""The API under another WSGI server than the one that comes along."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.functional.processes import (
    SMALL_FRACTAL,
    environment,
    upgrade_database,
    write_config,
)

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


PREFORKING = """
import os, signal, socket, sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from faafo.wsgi import application

listener = socket.create_server(("127.0.0.1", 0), backlog=128)
children = []
for _number in range(4):
    child = os.fork()
    if not child:
        server = WSGIServer(("127.0.0.1", 0), WSGIRequestHandler, bind_and_activate=False)
        server.socket = listener
        server.server_name, server.server_port = listener.getsockname()
        server.setup_environ()
        server.set_app(application)
        server.serve_forever()
    children.append(child)
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def test_processes_that_a_server_forks_share_no_connection(tmp_path, server_url):
    upgrade_database(server_url)
    config = write_config(
        tmp_path / "api.conf", DEFAULT={"state_path": tmp_path, "database_url": server_url}
    )
    with subprocess.Popen(
        [sys.executable, "-c", PREFORKING],
        env={**environment(tmp_path), "FAAFO_CONFIG_FILES": str(config)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/api/fractal"

        def get_and_post(number):
            if number % 3:
                return requests.get(url, timeout=120).status_code
            return requests.post(url, json=SMALL_FRACTAL, timeout=120).status_code

        with ThreadPoolExecutor(8) as pool:
            answers = Counter(pool.map(get_and_post, range(150)))
        server.stdin.close()
    assert answers == {200: 100, 201: 50}
