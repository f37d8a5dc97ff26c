# SPDX-License-Identifier: Apache-2.0
"""A worker for the tests of the API that render what they have posted."""

import pytest

from faafo.client.http import Client
from faafo.store.api import ApiStore
from faafo.worker.attempt import Renderer
from faafo.worker.progress import Renders


@pytest.fixture(params=["file", "api"])
def worker(request, conf, store):
    """Renders tasks, with either kind of store: the S3 one has its tests elsewhere."""
    if request.param == "api":
        url = request.getfixturevalue("api_url")
        store = ApiStore(Client(url), url)
    return Renderer("w-1", store, Renders())
