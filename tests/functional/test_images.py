# SPDX-License-Identifier: Apache-2.0
"""Images over HTTP: whole and in parts, and taken in from workers only as they should be."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.functional.conftest import on_sqlite
from tests.functional.object_stores import Moto
from tests.functional.processes import Api, running_api
from tests.functional.stores import LARGE, SMALL, Picture, linked_api, linked_bucket, noise

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def headers_for(png: bytes, **changes: str | None) -> dict[str, str | None]:
    return {"Content-Type": "image/png", "Content-Digest": digest(png)} | changes


def upload(api: Api, picture: Picture, attempt: Any = None, **changes: Any) -> requests.Response:
    return api.request(
        "PUT",
        f"/api/fractal/{picture.uuid}/image",
        params={"attempt": picture.attempt if attempt is None else attempt},
        data=picture.png,
        headers=headers_for(picture.png, **changes),
    )


def complete(api: Api, picture: Picture) -> None:
    body = {
        "attempt": picture.attempt,
        "checksum": hashlib.sha256(picture.png).hexdigest(),
        "duration": 0.5,
        "size": len(picture.png),
    }
    assert api.request("PUT", f"/api/fractal/{picture.uuid}", json=body).status_code == 200


def get(api: Api, picture: Picture, **headers: str) -> requests.Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"/api/fractal/{picture.uuid}/image"
    return api.request("GET", url, headers=headers, allow_redirects=False)


@pytest.fixture
def picture(api: Api) -> Picture:
    """A picture that is being rendered."""
    api.forget_everything()
    with linked_api(api) as backend:
        return backend.picture()


@on_sqlite
class TestGet:
    @pytest.fixture(autouse=True)
    def _stored(self, api: Api, picture: Picture) -> None:
        assert upload(api, picture).status_code == 200
        complete(api, picture)

    def test_a_whole_image_tells_how_to_ask_for_parts_of_it(
        self, api: Api, picture: Picture
    ) -> None:
        answer = get(api, picture)
        assert (answer.status_code, answer.content) == (200, picture.png)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Content-Length"] == str(len(picture.png))
        assert answer.headers["Repr-Digest"] == digest(picture.png)

    @pytest.mark.parametrize("asked", ["0-9", "100-", "-20", "0-", "5-99999999"])
    def test_a_part_is_what_was_asked_for(self, api: Api, picture: Picture, asked: str) -> None:
        answer = get(api, picture, Range=f"bytes={asked}")
        first, _dash, last = asked.partition("-")
        size = len(picture.png)
        begin = int(first) if first else size - int(last)
        end = min(size, int(last) + 1) if first and last else size
        assert (answer.status_code, answer.content) == (206, picture.png[begin:end])
        assert answer.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{size}"
        assert answer.headers["ETag"] == f'"{hashlib.sha256(picture.png).hexdigest()}"'

    def test_a_part_that_is_not_there_is_416(self, api: Api, picture: Picture) -> None:
        answer = get(api, picture, Range="bytes=99999999-")
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{len(picture.png)}"
        assert answer.json()["message"]

    def test_a_part_of_another_image_is_the_whole_one(self, api: Api, picture: Picture) -> None:
        for tag, status in ((get(api, picture).headers["ETag"], 206), ('"another"', 200)):
            answer = get(api, picture, Range="bytes=0-9", If_Range=tag)
            assert answer.status_code == status

    @pytest.mark.parametrize(
        "headers",
        [
            {"Range": "rows=1-2"},
            {"Range": "Rows=1-2"},
            {"Range": "nonsense"},
            {"Range": "bytes=9-3"},
            {"Range": "bytes=1-2,4-5"},
            {"Range": "bytes=0-9", "If_Range": 'W/"{checksum}"'},
            {"Range": "bytes=0-9", "If_Range": "{checksum}"},
            {"Range": "bytes=0-9", "If_Range": "Sat, 28 Nov 2026 00:00:00 GMT"},
        ],
    )
    def test_a_range_that_cannot_be_obeyed_is_ignored(
        self, api: Api, picture: Picture, headers: dict[str, str]
    ) -> None:
        checksum = hashlib.sha256(picture.png).hexdigest()
        headers = {name: value.format(checksum=checksum) for name, value in headers.items()}
        answer = get(api, picture, **headers)
        assert (answer.status_code, answer.content) == (200, picture.png)
        assert answer.headers["Accept-Ranges"] == "bytes"

    def test_the_head_of_a_part_is_that_of_the_whole(self, api: Api, picture: Picture) -> None:
        path = f"/api/fractal/{picture.uuid}/image"
        answer = api.request("HEAD", path, headers={"Range": "bytes=0-9"})
        assert answer.status_code == 200
        assert answer.headers["Content-Length"] == str(len(picture.png))

    def test_the_head_alone_says_as_much(self, api: Api, picture: Picture) -> None:
        answer = api.request("HEAD", f"/api/fractal/{picture.uuid}/image")
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Length"] == str(len(picture.png))


class TestPut:
    def test_the_answer_says_what_was_stored(self, api: Api, picture: Picture) -> None:
        for _ in range(2):
            answer = upload(api, picture)
            checksum = hashlib.sha256(picture.png).hexdigest()
            assert answer.status_code == 200
            assert answer.json() == {"checksum": checksum, "size": len(picture.png)}
        assert api.store.load(picture.uuid) == picture.png

    def test_it_is_taken_for_the_attempt_that_renders_only(
        self, api: Api, picture: Picture
    ) -> None:
        for stale in (0, 2):
            assert refused(upload(api, picture, attempt=stale), 409).startswith("attempt: ")
        complete(api, picture)
        assert refused(upload(api, picture), 409).endswith("complete")
        queued = Picture(api.post_fractal()["uuid"], 0, noise())
        assert refused(upload(api, queued), 409).endswith("queued")
        assert list(api.store.images(age=0)) == []

    def test_it_is_of_a_fractal_that_there_is(self, api: Api) -> None:
        refused(upload(api, Picture(UNKNOWN, 1, noise())), 404)

    @on_sqlite
    @pytest.mark.parametrize(
        ("changes", "status", "named"),
        [
            ({"attempt": "soon"}, 400, "attempt"),
            ({"attempt": -1}, 400, "attempt"),
            ({"Content-Digest": None}, 400, "Content-Digest"),
            ({"Content-Digest": "md5=:abcd:"}, 400, "Content-Digest"),
            ({"Content-Digest": "sha-256=:=:"}, 400, "Content-Digest"),
            ({"Content-Digest": digest(b"another")}, 400, "Content-Digest"),
            ({"Content-Type": "application/json"}, 415, "content type"),
            ({"Content-Type": None}, 415, "content type"),
        ],
    )
    def test_it_comes_with_what_proves_it(
        self, api: Api, picture: Picture, changes: dict, status: int, named: str
    ) -> None:
        assert named in refused(upload(api, picture, **changes), status)
        assert list(api.store.images(age=0)) == []

    @on_sqlite
    @pytest.mark.parametrize(
        "body", [b"", b"GIF89a", b"<svg/>", noise((30, 40)), noise()[:20]], ids=len
    )
    def test_it_is_a_png_file_of_the_size_of_its_fractal(
        self, api: Api, picture: Picture, body: bytes
    ) -> None:
        answer = upload(api, Picture(picture.uuid, picture.attempt, body))
        assert "40 x 30" in refused(answer, 400)

    def test_it_is_not_larger_than_such_a_picture_can_be(self, api: Api, picture: Picture) -> None:
        body = noise() + bytes(4 * SMALL[0] * SMALL[1] + 2**16)
        refused(upload(api, Picture(picture.uuid, picture.attempt, body)), 413)

    def test_other_digests_may_stand_beside_ours(self, api: Api, picture: Picture) -> None:
        both = f"sha-512=:{'A' * 86}==:, {digest(picture.png)}"
        assert upload(api, picture, **{"Content-Digest": both}).status_code == 200

    def test_what_was_deleted_in_the_meantime_leaves_no_image(
        self, api: Api, picture: Picture
    ) -> None:
        assert upload(api, picture).status_code == 200
        api.request("DELETE", f"/api/fractal/{picture.uuid}")
        refused(upload(api, picture), 404)
        assert list(api.store.images(age=0)) == []


def refused(answer: requests.Response, status: int) -> str:
    """Return the message of an answer, which must have that status."""
    assert answer.status_code == status, answer.text
    return answer.json()["message"]


def test_a_service_that_takes_no_images_says_so(tmp_path) -> None:
    with running_api(tmp_path, accept_images=False) as api, linked_api(api) as backend:
        assert "accept_images" in refused(upload(api, backend.picture()), 403)


def test_no_image_is_larger_than_the_service_allows(tmp_path) -> None:
    with running_api(tmp_path, max_image_size=2**20) as api, linked_api(api) as backend:
        picture = backend.picture((1500, 1000))
        assert upload(api, picture).status_code == 413


def test_a_store_that_cannot_be_written_is_not_healthy(tmp_path) -> None:
    with running_api(tmp_path) as api:
        assert api.request("GET", "/healthcheck/store").json() == {"status": "ok"}
        api.datadir.rmdir()
        api.datadir.write_text("a file where the directory was")
        refused(api.request("GET", "/healthcheck/store"), 503)
        api.service.wait_for_line(f"filesystem_store_datadir = {api.datadir}: ")


class TestAnObjectStore:
    @pytest.fixture(scope="class", params=[False, True], ids=["through the API", "redirected"])
    def redirecting(self, request: pytest.FixtureRequest) -> bool:
        return request.param

    @pytest.fixture(scope="class")
    def bucket_api(
        self, tmp_path_factory: pytest.TempPathFactory, moto: Moto, redirecting: bool
    ) -> Iterator[Api]:
        """An API on a bucket."""
        with linked_bucket(moto) as bucket:
            options = bucket.options() | {"s3_redirect": redirecting}
            with running_api(tmp_path_factory.mktemp("bucket"), store=options) as api:
                yield api
            assert moto.secret not in api.service.output()

    @pytest.fixture
    def stored(self, bucket_api: Api) -> Iterator[tuple[Api, Picture]]:
        """The API on a bucket, and a picture in it."""
        with linked_api(bucket_api) as backend:
            picture = backend.picture(LARGE)
            assert upload(bucket_api, picture).status_code == 200
            complete(bucket_api, picture)
            yield bucket_api, picture

    def test_its_images_are_served(self, stored, moto: Moto, redirecting: bool) -> None:
        api, picture = stored
        answer = get(api, picture)
        if redirecting:
            assert answer.status_code == 307
            assert answer.headers["Location"].startswith(f"{moto.url}/")
            page = api.request("GET", f"/fractal/{picture.uuid}")
            assert f"img-src 'self' {moto.url} " in page.headers["Content-Security-Policy"]
            answer = requests.get(answer.headers["Location"], timeout=120)
            assert answer.headers["Content-Type"] == "image/png"
        assert (answer.status_code, answer.content) == (200, picture.png)

    def test_who_has_an_image_is_not_sent_anywhere(self, stored) -> None:
        api, picture = stored
        tag = get(api, picture).headers["ETag"]
        assert get(api, picture, If_None_Match=tag).status_code == 304

    def test_its_parts_are_served(self, stored, redirecting: bool) -> None:
        api, picture = stored
        url = f"{api.url}/api/fractal/{picture.uuid}/image"
        for begin in (5, 1_200_000):
            part = {"Range": f"bytes={begin}-{begin + 99}"}
            answer = requests.get(url, headers=part, timeout=120)
            assert (answer.status_code, answer.content) == (206, picture.png[begin : begin + 100])

    def test_its_images_go_with_their_fractals(self, stored, moto: Moto) -> None:
        api, picture = stored
        assert api.request("DELETE", f"/api/fractal/{picture.uuid}").status_code == 204
        assert get(api, picture).status_code == 404
