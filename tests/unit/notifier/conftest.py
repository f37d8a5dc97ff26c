# SPDX-License-Identifier: Apache-2.0
"""What tests of the notifier share: deliveries, and a server that hands them out."""

import itertools
import json
import uuid

import pytest

from faafo.db.tenants import tenant_of
from faafo.fractal.signing import new_secret
from faafo.notifier.delivery import Delivery

SECRET = new_secret()


@pytest.fixture
def make_record():
    """Makes deliveries as the API answers them."""
    numbers = itertools.count(1)

    def make(url="http://127.0.0.1:9/hook", webhook=None, secrets=(SECRET,), project_id=None):
        number = next(numbers)
        body = {"type": "fractal.complete", "data": {"project_id": project_id, "uuid": "\u00e4"}}
        event = {
            "uuid": str(uuid.UUID(int=number)),
            "type": "fractal.complete",
            "created_at": "2026-11-28T18:00:00.123456Z",
            "body": json.dumps(body, ensure_ascii=False),
        }
        named = url and {
            "uuid": webhook or f"of {url}",
            "url": url,
            "tenant": tenant_of(project_id, url),
            "secrets": list(secrets),
        }
        return {"id": number, "attempt": 1, "event": event, "webhook": named}

    return make


@pytest.fixture
def make_delivery(make_record):
    """Makes claimed deliveries."""
    return lambda *arguments, **named: Delivery.of(make_record(*arguments, **named))
