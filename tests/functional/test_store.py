# SPDX-License-Identifier: Apache-2.0
"""Every image store keeps the same promises, also when it breaks."""

import functools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader

from faafo import errors
from faafo.fractal.lease import make_token
from faafo.store.base import ImageStore, checksum
from faafo.store.location import Location
from faafo.store.s3 import S3Store
from tests.functional.object_stores import Moto, Swift
from tests.functional.processes import Api, running_api, wait_until
from tests.functional.stores import (
    HALF_WAY,
    LARGE,
    SMALL,
    ApiBackend,
    Backend,
    FileBackend,
    S3Backend,
    linked_api,
    linked_bucket,
    noise,
    restarted,
    small_disk,
)

OVER_A_LINK = ["api", "moto", "swift"]
KINDS = ["file", *OVER_A_LINK]
LONG = 3600.0


@pytest.fixture(scope="module", autouse=True)
def _descriptions_read_once() -> Iterator[None]:
    """Spare each client of S3 the descriptions of all its calls, most of what it takes to make."""
    read = functools.cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _loader, path: read(path))
        yield


@pytest.fixture(scope="module")
def own_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """``faafo-api`` on SQLite; what the store does has nothing to do with the database."""
    with running_api(tmp_path_factory.mktemp("api")) as api:
        yield api


def backends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "file":
        yield FileBackend(tmp_path / "images")
    elif request.param == "api":
        with linked_api(request.getfixturevalue("own_api")) as backend:
            yield backend
            backend.api.forget_everything()
    else:
        with linked_bucket(request.getfixturevalue(request.param)) as backend:
            yield backend


any_backend = pytest.fixture(params=KINDS, name="backend")(backends)
linked_backend = pytest.fixture(params=OVER_A_LINK, name="linked")(backends)


def save(backend: Backend, sides: tuple[int, int] = SMALL) -> str:
    """Store a picture as a worker does; return whose it is."""
    picture = backend.picture(sides)
    writer = backend.writer()
    writer.check()
    writer.save(picture.uuid, picture.png, picture.attempt)
    return picture.uuid


def another_token(token: str) -> str:
    return make_token("f" * 16, int(token.partition("-")[2]))


def is_there(backend: Backend, uuid: str) -> bool:
    try:
        backend.store().load(uuid)
    except errors.ImageNotFound:
        return False
    return True


class TestEveryStore:
    @pytest.mark.parametrize("sides", [SMALL, LARGE])
    def test_what_is_saved_is_loaded(self, backend: Backend, sides: tuple[int, int]) -> None:
        uuid = save(backend, sides)
        assert backend.store().load(uuid) == noise(sides)

    def test_an_image_can_be_read_from_anywhere_in_it(self, backend: Backend) -> None:
        uuid, png = save(backend, LARGE), noise(LARGE)
        with backend.store().open(uuid) as file:
            assert file.seek(0, 2) == len(png)
            file.seek(100)
            assert file.read(50) == png[100:150]
            file.seek(HALF_WAY)
            assert file.read() == png[HALF_WAY:]

    def test_what_is_saved_again_replaces_what_was_there(self, backend: Backend) -> None:
        picture, writer = backend.picture(), backend.writer()
        writer.check()
        for seed in (1, 2):
            png = noise(seed=seed)
            writer.save(picture.uuid, png, picture.attempt)
            assert backend.store().load(picture.uuid) == png

    def test_what_was_never_saved_is_not_found(self, backend: Backend) -> None:
        uuid = backend.picture().uuid
        backend.writer().check()
        for read in (backend.store().load, backend.store().open):
            with pytest.raises(errors.ImageNotFound, match=uuid):
                read(uuid)

    def test_a_writer_finds_what_a_lease_has_stored_if_it_can_read(self, backend: Backend) -> None:
        picture, writer = backend.picture(), backend.writer()
        writer.check()
        writer.save(picture.uuid, picture.png, picture.attempt, picture.token)
        found = picture.png if isinstance(writer, ImageStore) else None
        assert writer.find(picture.uuid, picture.token) == found
        assert writer.find(picture.uuid, another_token(picture.token)) is None

    def test_images_of_two_leases_do_not_overwrite_each_other(self, backend: Backend) -> None:
        picture, writer, store = backend.picture(), backend.writer(), backend.store()
        writer.check()
        writer.save(picture.uuid, picture.png, picture.attempt, picture.token)
        other = another_token(picture.token)
        store.save(picture.uuid, noise(seed=2), token=other)
        for token, png in ((picture.token, picture.png), (other, noise(seed=2))):
            assert store.load(picture.uuid, token) == png
        store.delete(picture.uuid, other)
        assert store.load(picture.uuid, picture.token) == picture.png

    def test_a_published_image_is_found_by_its_token(self, backend: Backend) -> None:
        picture, writer, store = backend.picture(), backend.writer(), backend.store()
        writer.check()
        writer.save(picture.uuid, picture.png, picture.attempt, picture.token)
        for _twice in range(2):
            store.publish(picture.uuid, picture.token)
            assert store.load(picture.uuid, picture.token) == picture.png
        store.delete(picture.uuid)
        store.delete(picture.uuid, picture.token)
        with pytest.raises(errors.ImageNotFound):
            store.load(picture.uuid, picture.token)

    def test_what_is_deleted_is_gone(self, backend: Backend) -> None:
        kept, uuid = save(backend), save(backend)
        for _ in range(2):
            backend.store().delete(uuid)
        assert not is_there(backend, uuid)
        assert is_there(backend, kept)

    def test_a_reader_sees_one_whole_image_or_the_other(self, backend: Backend) -> None:
        picture, writer = backend.picture(LARGE), backend.writer()
        versions = [noise(LARGE, seed) for seed in (1, 2)]
        writer.check()
        writer.save(picture.uuid, versions[0], picture.attempt)
        done = threading.Event()
        seen: set[bytes] = set()

        def read() -> None:
            store = backend.store()
            while not done.is_set():
                seen.add(store.load(picture.uuid))

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(10):
            writer.save(picture.uuid, versions[number % 2], picture.attempt)
        wait_until(lambda: seen, "an image to be read")
        done.set()
        reader.join()
        assert seen <= set(versions)

    def test_images_are_listed_and_nothing_else(self, backend: Backend) -> None:
        uuids = {save(backend) for _ in range(3)}
        for name in ("notes.txt", "not-a-uuid.png", f".{min(uuids)}.png", f"{min(uuids)}.png.bak"):
            backend.put(name, b"nobody's image")
        listed = set(backend.store().images(age=0))
        assert {(uuid, None) for uuid in uuids} <= listed
        assert all(len(uuid) == 36 for uuid, _token in listed)
        assert list(backend.store().images(age=LONG)) == []

    def test_what_was_written_half_is_removed_and_images_stay(self, backend: Backend) -> None:
        uuid = save(backend)
        backend.put(".worker-9.abc.part", b"half")
        assert backend.store().remove_all_partial(age=LONG) == 0
        assert backend.store().remove_all_partial(age=0) == 1
        assert backend.store().remove_all_partial(age=0) == 0
        assert is_there(backend, uuid)

    def test_a_worker_removes_what_it_has_written_half_itself(self, backend: Backend) -> None:
        if isinstance(backend, ApiBackend):
            # Who sends its images to the API writes nothing itself.
            assert backend.writer().remove_partial() == 0
            return
        backend.put(".worker-1.abc.part", b"half")
        backend.put(".worker-11.abc.part", b"another's")
        assert backend.writer("worker-1").remove_partial() == 1
        assert backend.writer("worker-11").remove_partial() == 1

    def test_a_check_leaves_nothing_behind(self, backend: Backend) -> None:
        writer = backend.writer()
        for _ in range(2):
            writer.check()
        assert backend.store().remove_all_partial(age=0) == 0


class TestABrokenLink:
    def test_a_save_that_is_cut_leaves_nothing_that_looks_whole(self, linked: Backend) -> None:
        picture, writer = linked.picture(LARGE), linked.writer()
        writer.check()
        linked.link.cut_after(HALF_WAY)
        with pytest.raises(errors.StoreUnreachable):
            writer.save(picture.uuid, picture.png, picture.attempt)
        assert not is_there(linked, picture.uuid)
        with pytest.raises(errors.StoreUnreachable):
            writer.check()
        linked.link.heal()
        writer.check()
        writer.save(picture.uuid, picture.png, picture.attempt)
        assert linked.store().load(picture.uuid) == picture.png

    def test_a_save_that_is_cut_leaves_the_image_that_was_there(self, linked: Backend) -> None:
        picture, writer = linked.picture(LARGE), linked.writer()
        writer.save(picture.uuid, picture.png, picture.attempt)
        linked.link.cut_after(HALF_WAY)
        with pytest.raises(errors.StoreUnreachable):
            writer.save(picture.uuid, noise(LARGE, seed=1), picture.attempt)
        assert linked.store().load(picture.uuid) == picture.png

    def test_an_image_that_is_spoilt_on_the_way_is_not_stored(self, linked: Backend) -> None:
        picture, writer = linked.picture(LARGE), linked.writer()
        writer.check()
        linked.link.spoil_after(HALF_WAY)
        with pytest.raises(errors.StoreUnavailable):
            writer.save(picture.uuid, picture.png, picture.attempt)
        assert not is_there(linked, picture.uuid)
        writer.save(picture.uuid, picture.png, picture.attempt)
        assert linked.store().load(picture.uuid) == picture.png

    @pytest.mark.parametrize("kind", ["moto", "swift"])
    def test_an_object_that_is_read_otherwise_than_it_was_written_is_not_kept(
        self, kind: str, request: pytest.FixtureRequest
    ) -> None:
        with linked_bucket(request.getfixturevalue(kind)) as backend:
            picture, writer = backend.picture(LARGE), backend.writer()
            writer.check()
            # The PUT is through by then: this is in the middle of the GET that follows.
            backend.link.spoil_after(len(picture.png) + HALF_WAY)
            with pytest.raises(errors.StoreUnavailable, match="were read back"):
                writer.save(picture.uuid, picture.png)
            assert not is_there(backend, picture.uuid)


class TestAServerThatDies:
    def test_swift_in_the_middle_of_a_write(self, swift: Swift) -> None:
        with linked_bucket(swift) as backend:
            picture, writer = backend.picture(LARGE), backend.writer()
            writer.check()

            def die(_data: bytes) -> bytes:
                swift.kill()
                return b""

            backend.link.after(HALF_WAY, die)
            try:
                with pytest.raises(errors.StoreUnreachable):
                    writer.save(picture.uuid, picture.png, picture.attempt)
            finally:
                swift.start()
            assert not is_there(backend, picture.uuid)
            writer.save(picture.uuid, picture.png, picture.attempt)
            assert backend.store().load(picture.uuid) == picture.png

    def test_the_api_in_the_middle_of_an_upload(self, tmp_path: Path) -> None:
        with running_api(tmp_path) as api, linked_api(api) as backend:
            picture, writer = backend.picture(LARGE), backend.writer()

            def die(_data: bytes) -> bytes:
                api.service.kill()
                return b""

            backend.link.after(HALF_WAY, die)
            with pytest.raises(errors.StoreUnreachable):
                writer.save(picture.uuid, picture.png, picture.attempt)
            assert list(api.datadir.iterdir()) == []
            with restarted(api) as port:
                backend.link.lead_to(port)
                writer.save(picture.uuid, picture.png, picture.attempt)
            assert backend.store().load(picture.uuid) == picture.png


class TestAStoreThatIsFull:
    ROOM = 2**21

    def test_a_disk(self, tmp_path: Path) -> None:
        directory = tmp_path / "images"
        with small_disk(directory, self.ROOM):
            backend = FileBackend(directory)
            self._fill(backend, directory, errors.StoreUnavailable)

    def test_the_disk_of_an_api(self, tmp_path: Path) -> None:
        with (
            small_disk(tmp_path / "images", self.ROOM),
            running_api(tmp_path) as api,
            linked_api(api) as backend,
        ):
            self._fill(backend, api.datadir, errors.StoreUnreachable)

    def _fill(self, backend: Backend, directory: Path, expected: type[Exception]) -> None:
        picture, writer = backend.picture((2000, 1500)), backend.writer()
        writer.check()
        with pytest.raises(expected):
            writer.save(picture.uuid, picture.png, picture.attempt)
        assert list(directory.iterdir()) == []
        # There is room for a usual image, not for the one that did not fit.
        with pytest.raises(expected):
            writer.check()

    def test_a_container_with_a_quota(self, swift: Swift) -> None:
        with linked_bucket(swift) as backend:
            picture, writer = backend.picture(LARGE), backend.writer()
            writer.check()
            swift.set_quota(backend.bucket, HALF_WAY)
            for _ in range(2):
                with pytest.raises(errors.StoreUnavailable):
                    writer.save(picture.uuid, picture.png, picture.attempt)
                with pytest.raises(errors.StoreUnavailable):
                    writer.check()
            assert not is_there(backend, picture.uuid)
            swift.set_quota(backend.bucket, 2**30)
            writer.check()
            writer.save(picture.uuid, picture.png, picture.attempt)


class TestABucketThatIsNot:
    @pytest.mark.parametrize("kind", ["moto", "swift"])
    def test_one_that_is_missing(self, kind: str, request: pytest.FixtureRequest) -> None:
        with linked_bucket(request.getfixturevalue(kind)) as backend:
            backend.bucket = "nowhere"
            self._refuses(backend.writer(), "there is no such bucket")

    def test_one_that_is_not_for_us(self, swift: Swift) -> None:
        with linked_bucket(swift) as backend:
            for wrong in ({"secret": "guess"}, {"key": "somebody:else"}):
                self._refuses(stranger(backend, **wrong), "access is denied")

    def _refuses(self, store: S3Store, why: str) -> None:
        for call in (store.check, lambda: store.save(PICTURE_UUID, noise())):
            with pytest.raises(errors.StoreUnavailable, match=why) as caught:
                call()
            assert not isinstance(caught.value, errors.StoreUnreachable)
            assert "[store] url = s3://***@" in str(caught.value)


PICTURE_UUID = "00000000-0000-4000-8000-000000000001"


def stranger(backend: S3Backend, **credentials: str) -> S3Store:
    """Return a store that knows the wrong user or password."""
    server = backend.server
    known = {"key": server.key, "secret": server.secret} | credentials
    return S3Store(Location(backend.bucket, **known), endpoint_url=server.url)


def test_segments_are_beside_the_images_and_both_come_in_pieces(moto: Moto) -> None:
    with linked_bucket(moto) as backend:
        picture, store = backend.picture(), backend.store()
        uuid, token, segments = picture.uuid, make_token("e" * 16, 1), store.segments()
        pieces = [picture.png[:100], picture.png[100:]]
        for kept, content in ((store, pieces), (segments, [b"a ", b"segment"])):
            saved = kept.save_pieces(uuid, content, 1, token)
            assert (saved.size, saved.checksum) == (
                len(b"".join(content)),
                checksum(b"".join(content)),
            )
            assert list(kept.images(0.0)) == [(uuid, token)]
        assert store.load(uuid, token) == picture.png
        segments.delete(uuid, token)
        assert (list(segments.images(0.0)), is_there(backend, uuid)) == ([], False)
        assert store.find(uuid, token) == picture.png
