# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about services."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from faafo.client.session import Session

SERVICES = "/api/service"


class Service(BaseModel):
    """A service in the registry: what its process told last.

    ``state`` is up, draining, disabled or down, computed when the API was asked. Moments are those
    of the database.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    kind: str
    name: str
    instance_id: str
    host: str
    version: str
    state: str
    disabled: bool
    reason: str | None
    slots: int | None
    busy: int | None
    configuration: str | None
    # Of a worker; absent from an older API.
    kinds: list[str] | None = None
    labels: list[str] | None = None
    report: dict[str, Any]
    started_at: datetime
    seen_at: datetime


class _List(BaseModel):
    services: list[Service]
    unserved: list[str] = []


class ServiceCalls:
    """Base class of ``Client``."""

    _session: Session

    def services(self, kind: str | None = None) -> list[Service]:
        """Return the services, or those of a kind, by kind and name."""
        parameters = None if kind is None else {"kind": kind}
        answer = self._session.json("GET", SERVICES, parameters=parameters)
        return self._session.parse(_List, answer).services

    def unserved(self) -> list[str]:
        """Return a sentence for each thing that is waited for and no live worker serves.

        There is none while no worker is up: then all that is queued waits.
        """
        answer = self._session.json("GET", SERVICES, parameters={"kind": "worker"})
        return self._session.parse(_List, answer).unserved

    def service(self, uid: str) -> Service:
        """Return a service."""
        return self._one_service(self._session.json("GET", f"{SERVICES}/{uid}"))

    def disable_service(self, uid: str, reason: str) -> Service:
        """Have a worker take no tasks, or a producer claim none; what has begun is finished."""
        return self._change_service(uid, {"disabled": True, "reason": reason})

    def enable_service(self, uid: str) -> Service:
        """Enable a service again."""
        return self._change_service(uid, {"disabled": False})

    def delete_service(self, uid: str) -> None:
        """Remove a service that is down from the registry; if it was disabled, it is no longer."""
        self._session.json("DELETE", f"{SERVICES}/{uid}")

    def _change_service(self, uid: str, change: dict[str, Any]) -> Service:
        return self._one_service(self._session.json("PATCH", f"{SERVICES}/{uid}", change))

    def _one_service(self, answer: Any) -> Service:
        return self._session.parse(Service, answer)
