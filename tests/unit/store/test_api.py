# SPDX-License-Identifier: Apache-2.0
"""Images that are uploaded to the API."""

import pytest

from faafo import errors
from faafo.client.http import Client
from faafo.store.api import ApiStore
from tests.unit.client.test_http import answering

UUID = "00000000-0000-4000-8000-000000000001"


def store_at(url):
    return ApiStore(Client(url), url)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"checksum": "0000"}', errors.StoreUnavailable),
        (400, b'{"message": "Content-Digest: is not that of the body"}', errors.StoreUnavailable),
        (403, b'{"message": "no"}', errors.StoreUnavailable),
        (404, b'{"message": "there is no fractal"}', errors.ImageRefused),
        (409, b'{"message": "attempt: 1 is not the current one"}', errors.ImageRefused),
        (413, b"<html>a proxy says: too large</html>", errors.ImageRefused),
        (429, b'{"message": "slow down"}', errors.StoreUnreachable),
        (502, b"<html>a proxy says: bad gateway</html>", errors.StoreUnreachable),
        (503, b'{"message": "internal error"}', errors.StoreUnreachable),
    ],
)
def test_the_status_decides_whether_a_retry_can_succeed(status, body, kind):
    with answering(status, body) as url, pytest.raises(errors.FaafoError) as caught:
        store_at(url).save(UUID, b"png", 1)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"[store] url = api://, endpoint_url = {url}: ")


def test_an_api_without_a_store_check_is_no_store():
    with answering(404, b'{"message": "not found"}') as url:
        with pytest.raises(errors.StoreUnavailable) as caught:
            store_at(url).check()
        assert type(caught.value) is errors.StoreUnavailable
        assert "404" in str(caught.value)


def test_an_unreachable_api_may_be_reachable_later():
    with pytest.raises(errors.StoreUnreachable, match="endpoint_url = http://127.0.0.1:9: "):
        store_at("http://127.0.0.1:9").check()


def test_an_image_without_an_attempt_is_refused():
    with pytest.raises(errors.ImageRefused, match="attempt"):
        store_at("http://127.0.0.1:9").save(UUID, b"png")
