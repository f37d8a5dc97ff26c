# SPDX-License-Identifier: Apache-2.0
"""A film on real parts: API, producer and a worker that reaches the store by the API alone."""

import hashlib
import io
from pathlib import Path

import av
import requests
from PIL import Image

from tests.functional.cluster import running
from tests.functional.processes import SMALL_FILM, wait_until

BODY = SMALL_FILM | {"width": 64, "height": 36, "frames": 8, "fps": 8, "colouring": "smooth"}


def test_films_are_rendered_joined_and_served_the_same_each_time(
    tmp_path: Path, transport_url: str
) -> None:
    database = f"sqlite:///{tmp_path}/faafo.sqlite"
    with running(tmp_path, database, transport_url) as cluster:
        cluster.start_worker(slots=2, store={"url": "api://"})
        cluster.start_producer(patient=True)
        bodies = [BODY, BODY, BODY | {"format": "webm"}]
        answers = [requests.post(f"{cluster.url}/api/film", json=one) for one in bodies]
        uuids = [answer.json()["uuid"] for answer in answers]

        def complete() -> bool:
            records = cluster.client.get_all(uuids)
            assert "error" not in {one["status"] for one in records}, records
            return {one["status"] for one in records} == {"complete"}

        wait_until(complete, "all films to be complete")
        files = [requests.get(f"{cluster.url}/api/fractal/{uuid}/image") for uuid in uuids]
        assert [one.headers["Content-Type"] for one in files] == [
            *("image/webp", "image/webp", "video/webm")
        ]
        for uuid, file in zip(uuids, files, strict=True):
            record = cluster.client.get(uuid)
            assert record["checksum"] == hashlib.sha256(file.content).hexdigest()
            assert (record["children"], record["open_children"]) == (8, 0)
        first, second, webm = (one.content for one in files)
        assert first == second
        with Image.open(io.BytesIO(first)) as film:
            assert (film.size, film.n_frames) == ((64, 36), 8)
        with av.open(io.BytesIO(webm)) as video:
            assert (video.duration, len(list(video.decode(video=0)))) == (1_000_000, 8)
        # The image of the first frame of each is left.
        wait_until(
            lambda: len(list(cluster.images.glob("*.png"))) == len(uuids), "the frames to be gone"
        )
        assert requests.delete(f"{cluster.url}/api/fractal/{uuids[0]}").status_code == 204
        wait_until(lambda: len(list(cluster.images.glob("*"))) == 4, "the file to be gone")
