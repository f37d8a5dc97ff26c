# SPDX-License-Identifier: Apache-2.0
"""Services as the registry knows them: their kinds, their ids, and their state."""

import uuid
from enum import StrEnum

# Ids are UUIDs of version 5 (RFC 9562) in this namespace: the same after each restart.
NAMESPACE = uuid.UUID("6fa4f0a5-5d0c-4a5c-9a43-0d6a5f3c9b1e")


class Kind(StrEnum):
    """What a service does."""

    API = "api"
    PRODUCER = "producer"
    WORKER = "worker"
    NOTIFIER = "notifier"
    READER = "reader"


# What an operator can disable.
CHANGEABLE = frozenset({Kind.PRODUCER, Kind.WORKER})


class State(StrEnum):
    """The state of a service, computed when it is read."""

    UP = "up"
    DRAINING = "draining"
    DISABLED = "disabled"
    DOWN = "down"


def service_id(kind: str, name: str) -> str:
    """Return the id of the service of that kind and name."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


def state_of(unseen: float, down_time: float, disabled: bool, draining: bool) -> State:
    """Return the state of a service.

    :param unseen: seconds since it was seen last.
    :param down_time: seconds after which a service that is not seen is down.
    """
    if unseen > down_time:
        return State.DOWN
    if disabled:
        return State.DISABLED
    return State.DRAINING if draining else State.UP
