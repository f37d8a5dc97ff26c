# SPDX-License-Identifier: Apache-2.0
"""A bare Flask and SQLAlchemy API: ``bare_api DATABASE_URL`` serves it as faafo-api is served.

It validates types only, writes no access log and has no leases, so it measures the cost of Flask,
SQLAlchemy, the driver and the server.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from benchmarks.peers.table import FIELDS, Fractal, open_database
from faafo.app.server import HttpServer

ADDRESS = "127.0.0.1"
READY = "listens on"
# The default of faafo-api.
THREADS = 8
RESULT = ("checksum", "duration", "size", "generated_by")


def create_app(engine: Engine, created: Callable[[Fractal], Any] = lambda _fractal: None) -> Flask:
    """Return the application.

    :param created: is called with each fractal that was stored.
    """
    app = Flask(__name__)
    app.json.sort_keys = False

    @app.get("/api/fractal/<uuid>")
    def get_fractal(uuid: str) -> Response:
        with Session(engine) as session:
            return jsonify(_get(session, uuid).as_dict())

    @app.post("/api/fractal")
    def post_fractal() -> tuple[Response, int]:
        sent = request.get_json()
        fractal = Fractal(**{name: kind(sent[name]) for name, kind in FIELDS.items()})
        # The database computes no column, so that the record need not be read again.
        with Session(engine, expire_on_commit=False) as session:
            session.add(fractal)
            session.commit()
        created(fractal)
        return jsonify(fractal.as_dict()), 201

    @app.put("/api/fractal/<uuid>")
    def put_fractal(uuid: str) -> Response:
        sent = request.get_json()
        with Session(engine, expire_on_commit=False) as session:
            fractal = _get(session, uuid)
            for name in RESULT:
                setattr(fractal, name, sent[name])
            fractal.status = "complete"
            session.commit()
            return jsonify(fractal.as_dict())

    return app


def _get(session: Session, uuid: str) -> Fractal:
    fractal = session.scalars(select(Fractal).where(Fractal.uuid == uuid)).one_or_none()
    return fractal if fractal is not None else abort(404)


def serve(app: Flask) -> int:
    """Serve with faafo's HTTP server on any free port that is printed."""
    server = HttpServer(app, ADDRESS, 0, THREADS)
    server.start()
    print(f"{READY} {server.url}", flush=True)
    threading.Event().wait()
    return 0


def main() -> int:
    """Serve until the process is killed."""
    return serve(create_app(open_database(sys.argv[1], THREADS)))
