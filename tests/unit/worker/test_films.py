# SPDX-License-Identifier: Apache-2.0
"""What a worker says of films, and how it joins one; tests/unit/api has the rest."""

import io
import threading

import pytest
from PIL import Image

from faafo.fractal.drawing import LATEST_VERSION, PARAMETER_VERSION
from faafo.fractal.parts import FilmJoin
from faafo.worker import films


@pytest.mark.parametrize("is_there", [True, False])
def test_a_worker_says_once_why_it_joins_no_films_in_webm(monkeypatch, caplog, is_there):
    caplog.set_level("INFO")
    monkeypatch.setattr(films.importlib.util, "find_spec", lambda _name: is_there or None)
    assert films.known_parameters() == (LATEST_VERSION if is_there else PARAMETER_VERSION)
    why = "films in WebM need PyAV; install it with: pip install 'faafo[film]'"
    assert caplog.messages == ([] if is_there else [f"{why}: this worker joins none"])


def test_the_progress_of_a_join_is_the_part_of_its_frames(make_task, store):
    task, file = make_task(), io.BytesIO()
    Image.new("RGB", (task.width, task.height)).save(file, "PNG")
    token = f"{'e' * 16}-1"
    store.save(task.uuid, file.getvalue(), token=token)
    join = FilmJoin(frames=[{"uuid": task.uuid, "token": token}] * 3, fps=9, format="webp")
    seen: list[int] = []

    def call(function, *arguments):
        return function(*arguments)

    film = io.BytesIO()
    films.write(task, join, store, call, threading.Event(), seen.append, film)
    assert seen == [0, task.height // 3, 2 * task.height // 3]
    assert Image.open(film).n_frames == 3
