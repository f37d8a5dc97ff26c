# SPDX-License-Identifier: Apache-2.0
"""Work of kinds that the release before does not know, and whether it is done as it must be."""

import hashlib
import io
from collections.abc import Callable, Iterable
from typing import Any

import requests
from PIL import Image

from faafo.fractal.task import FractalTask, parse_task
from faafo.render import image, webm, webp
from tests.functional.processes import wait_until
from tests.upgrade.fleet import LABEL, SETTLED_SECONDS

PARTS, FRAMES, FPS = 3, 4, 4
WINDOW = {"xa": -1.6, "xb": 1.6, "ya": -1.1, "yb": 1.1}
SMALL = {"width": 60, "height": 44, "iterations": 80, **WINDOW}
CONSTANT = {"cx": -0.8, "cy": 0.156}
FILM = {"path": {"type": "circle", "centre": [0, 0], "radius": 0.78}, "frames": FRAMES, "fps": FPS}
# What is posted, by its name: where, and what. Only workers of this release do any of it, but for
# the frames of films that are drawn as all fractals were.
POSTED: dict[str, tuple[str, dict[str, Any]]] = {
    "poster": ("fractal", {**SMALL, **CONSTANT, "split": PARTS}),
    "smooth poster": ("fractal", {**SMALL, **CONSTANT, "split": PARTS, "colouring": "smooth"}),
    "film": ("film", {**SMALL, **FILM}),
    "smooth film": ("film", {**SMALL, **FILM, "colouring": "smooth"}),
    "film in WebM": ("film", {**SMALL, **FILM, "format": "webm"}),
    "labelled": ("fractal", {**SMALL, **CONSTANT, "label": LABEL}),
    "labelled poster": ("fractal", {**SMALL, **CONSTANT, "split": PARTS, "label": LABEL}),
}
WRITERS: dict[str, Callable[..., None]] = {"webp": webp.write, "webm": webm.write}


class News:
    """One of each of POSTED, posted to an API of this release."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.uuids: dict[str, str] = {}

    def post(self) -> None:
        """Post all of them."""
        for name, (path, body) in POSTED.items():
            answer = requests.post(f"{self._url}/api/{path}", json=body, timeout=120)
            assert answer.status_code == 201, answer.text
            self.uuids[name] = answer.json()["uuid"]

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the records by name."""
        return {name: self._get(f"fractal/{uuid}").json() for name, uuid in self.uuids.items()}

    def parts(self, name: str) -> list[dict[str, Any]]:
        """Return the records of the bands of a poster, or of the frames of a film, in order."""
        parameters = {"children": self.uuids[name], "results_per_page": 100}
        found = self._get("fractal", **parameters).json()["objects"]
        return sorted(found, key=lambda one: (one.get("frame") or 0, one.get("first_row") or 0))

    def wait(self) -> None:
        """Wait until all are complete; none may end in error."""
        wait_until(self._are_complete, "all that is new to be complete", SETTLED_SECONDS)

    def finish(self) -> None:
        """Wait until all are complete, check them, and delete them."""
        self.wait()
        assert [name for name in self.uuids if not self._is_right(name)] == []
        for uuid in self.uuids.values():
            requests.delete(f"{self._url}/api/fractal/{uuid}", timeout=120).raise_for_status()

    def _are_complete(self) -> bool:
        records = self.records()
        faults = {name: one["fault"] for name, one in records.items() if one["status"] == "error"}
        assert faults == {}
        return {one["status"] for one in records.values()} == {"complete"}

    def _is_right(self, name: str) -> bool:
        """Tell whether record, served file, and a render of our own agree."""
        record, (_path, body) = self._get(f"fractal/{self.uuids[name]}").json(), POSTED[name]
        content = self._get(f"fractal/{record['uuid']}/image").content
        if hashlib.sha256(content).hexdigest() != record["checksum"]:
            return False
        if "frames" in body:
            return content == self._film(name, body.get("format", "webp"))
        expected = image.render(_task({**body, "uuid": record["uuid"]}))
        with Image.open(io.BytesIO(content)) as found:
            return pixels(found) == pixels(expected)

    def _film(self, name: str, kind: str) -> bytes:
        frames: Iterable[dict[str, Any]] = self.parts(name)
        pictures = [image.render(_task(one)).convert("RGB") for one in frames]
        assert len({picture.tobytes() for picture in pictures}) == FRAMES
        file = io.BytesIO()
        WRITERS[kind](iter(pictures), SMALL["width"], SMALL["height"], FRAMES, FPS, file)
        return file.getvalue()

    def _get(self, path: str, **parameters: Any) -> requests.Response:
        answer = requests.get(f"{self._url}/api/{path}", parameters, timeout=120)
        answer.raise_for_status()
        return answer


def _task(record: dict[str, Any]) -> FractalTask:
    """Return the task of a record, or of what was posted, without what it is a part of."""
    return parse_task({name: record[name] for name in FractalTask.model_fields if name in record})


def pixels(picture: Image.Image) -> bytes:
    """Return the colours of all pixels, three bytes each."""
    return picture.convert("RGB").tobytes()
