# SPDX-License-Identifier: Apache-2.0
"""The span of a delivery."""

import threading
from unittest import mock

import pytest

from faafo.correlation import Correlation
from faafo.notifier.delivery import Delivery, Outcome, Webhook
from faafo.notifier.runner import Runner
from tests.ids import TRACEPARENT

TRACED = Correlation(None, TRACEPARENT)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (None, None),
        ("connection refused", "connection refused"),
        ("refused: 10.1.2.3 is a private address", "refused"),
    ],
)
def test_the_span_of_a_delivery_tells_why_it_has_failed_and_no_address(recorded, fault, expected):
    webhook = Webhook("w-1", "https://receiver.example/", ("secret",))
    delivery = Delivery(1, 1, "e-1", "{}", webhook, None, {}, correlation=TRACED)
    places, sender = mock.Mock(), mock.Mock()
    places.take.return_value = [delivery], []
    sender.send.return_value = Outcome(None, 0.5, fault)
    made = threading.Event()
    Runner(places, sender, mock.Mock(), made).start()
    assert made.wait(60)
    assert recorded == [("deliver", expected)]
