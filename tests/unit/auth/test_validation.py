# SPDX-License-Identifier: Apache-2.0
"""Bounds on the questions to an identity service, and the circuit breaker."""

import threading

import pytest

from faafo import errors
from faafo.auth import validation
from faafo.auth.validation import Validation


class Service:
    """Answers once ``go_on`` is set, or raises ``fault``."""

    def __init__(self):
        self.asked = threading.Semaphore(0)
        self.fault = None
        self.go_on = threading.Event()
        self.go_on.set()

    def ask(self) -> str:
        self.asked.release()
        assert self.go_on.wait(30)
        if self.fault is not None:
            raise self.fault
        return "valid"


@pytest.fixture
def service():
    service = Service()
    yield service
    service.go_on.set()


def test_an_answer_is_returned(service):
    assert Validation(30.0, 1).run(service.ask) == "valid"


def test_a_refusal_is_an_answer(service):
    asking = Validation(30.0, 1)
    service.fault = KeyError("no such token")
    for _ in range(2):
        with pytest.raises(KeyError):
            asking.run(service.ask)


def test_a_question_without_an_answer_opens_the_breaker_until_one_is_answered(service, caplog):
    asking = Validation(0.01, 3)
    service.go_on.clear()
    with pytest.raises(errors.IdentityUnavailable, match="does not answer"):
        asking.run(service.ask)
    probing = threading.Thread(target=lambda: _quietly(Validation.run, asking, service.ask))
    with asking._probe:
        with pytest.raises(errors.IdentityUnavailable):
            asking.run(service.ask)
        probing.start()
        probing.join(30)
    assert service.asked.acquire(blocking=False)
    assert not service.asked.acquire(blocking=False)
    service.go_on.set()
    asking._patience = 30.0
    assert asking.run(service.ask) == "valid"
    assert [record.levelname for record in caplog.records if "token" in record.message] == ["ERROR"]
    assert not asking._is_open


def test_only_so_many_are_asked_at_a_time(service, monkeypatch):
    monkeypatch.setattr(validation, "PLACE_SECONDS", 0.0)
    asking = Validation(0.01, 1)
    service.go_on.clear()
    with pytest.raises(errors.IdentityUnavailable):
        asking.run(service.ask)
    # The first question holds its place.
    with pytest.raises(errors.IdentityUnavailable, match="too many tokens"):
        asking.run(service.ask)


def test_a_fault_of_the_service_opens_the_breaker(service):
    asking = Validation(30.0, 1)
    service.fault = errors.IdentityUnavailable("connection refused")
    with pytest.raises(errors.IdentityUnavailable, match="does not answer"):
        asking.run(service.ask)
    assert asking._is_open
    service.fault = None
    assert asking.run(service.ask) == "valid"
    assert not asking._is_open


def _quietly(call, *arguments) -> None:
    try:
        call(*arguments)
    except errors.IdentityUnavailable:
        return
