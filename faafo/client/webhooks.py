# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about webhooks and their deliveries."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, TypedDict, Unpack

from pydantic import BaseModel, ConfigDict, Field

from faafo.client.answers import LARGEST_PAGE
from faafo.client.session import Session

WEBHOOKS = "/api/webhook"


class Webhook(BaseModel):
    """A URL that is told what happens to the fractals of a project.

    ``events`` are types such as ``fractal.complete``. ``collection`` is the uuid of the one whose
    fractals it is about, None for all. ``callback`` tells whether it was made for the
    ``callback_url`` of fractals. ``reason`` says why it is not ``enabled``. ``secret`` signs
    deliveries; it is None except when the webhook is made and when the secret is rotated.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    uuid: str
    url: str
    events: list[str]
    collection: str | None
    callback: bool
    enabled: bool
    reason: str | None
    previous_secret_until: datetime | None
    created_at: datetime
    project_id: str | None
    user_id: str | None
    secret: str | None = Field(None, repr=False)


class Delivery(BaseModel):
    """The delivery of an event to a webhook.

    ``status`` is ``pending``, ``delivered``, or ``failed`` once it is given up. ``event`` is the
    uuid of the event, the header ``webhook-id``; ``fractal`` is that of the fractal, None for a
    ping. ``failures`` counts those of all ``attempts`` that failed since it was queued.
    ``http_status``, ``fault`` and ``duration``, in seconds, are those of the last attempt.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    id: int
    event: str
    type: str
    fractal: str | None
    status: str
    attempts: int
    failures: int
    http_status: int | None
    fault: str | None
    duration: float | None
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookChanges(TypedDict, total=False):
    """What to change of a webhook; the rest stays as it is.

    ``collection`` None makes it about all fractals. ``enabled`` False stops deliveries.
    """

    url: str
    events: Collection[str]
    collection: str | None
    enabled: bool


class _Webhooks(BaseModel):
    webhooks: list[Webhook]


class _Deliveries(BaseModel):
    deliveries: list[Delivery]


class _Queued(BaseModel):
    queued: int


class WebhookCalls:
    """Base class of ``Client``."""

    _session: Session

    def webhooks(self) -> list[Webhook]:
        """Return the webhooks of one's project, newest first."""
        return self._session.parse(_Webhooks, self._session.json("GET", WEBHOOKS)).webhooks

    def webhook(self, uuid: str) -> Webhook:
        """Return a webhook, without its secret."""
        return self._webhook(self._session.json("GET", _path(uuid)))

    def create_webhook(
        self,
        url: str,
        *,
        events: Collection[str] | None = None,
        collection: str | None = None,
        secret: str | None = None,
    ) -> Webhook:
        """Make a webhook, and queue a ping to it; only this answer has its ``secret``.

        :param events: types; by default ``fractal.complete`` and ``fractal.error``.
        :param collection: uuid of the collection whose fractals it is about; by default all.
        :param secret: ``whsec_`` and 24 to 64 bytes in base64; by default the API generates one.
        """
        given = {"url": url, "events": events, "collection": collection, "secret": secret}
        body = {name: value for name, value in given.items() if value is not None}
        return self._webhook(self._session.json("POST", WEBHOOKS, _listed(body)))

    def update_webhook(self, uuid: str, **changes: Unpack[WebhookChanges]) -> Webhook:
        """Change a webhook: ``url``, ``events``, ``collection`` or ``enabled``.

        What is not given stays as it is; ``collection=None`` makes it about all fractals.
        """
        return self._webhook(self._session.json("PATCH", _path(uuid), _listed({**changes})))

    def delete_webhook(self, uuid: str) -> None:
        """Delete a webhook and its deliveries."""
        self._session.json("DELETE", _path(uuid))

    def ping_webhook(self, uuid: str) -> None:
        """Queue an event of the type ``webhook.ping`` to a webhook."""
        self._session.json("POST", f"{_path(uuid)}/ping")

    def rotate_webhook_secret(self, uuid: str, secret: str | None = None) -> Webhook:
        """Sign with another secret, and for a day with the one before, too.

        Only this answer has the new ``secret``; by default the API generates it.
        """
        body = {} if secret is None else {"secret": secret}
        return self._webhook(self._session.json("POST", f"{_path(uuid)}/secret", body))

    def deliveries(
        self, uuid: str, *, status: str | None = None, limit: int | None = None
    ) -> Iterator[Delivery]:
        """Yield deliveries of a webhook, newest first, and at most ``limit``.

        Pages are fetched when needed.

        :param status: ``pending``, ``delivered`` or ``failed``.
        """
        marker, remaining = None, limit
        while remaining is None or remaining > 0:
            parameters = {"status": status, "marker": marker}
            answer = self._session.json("GET", f"{_path(uuid)}/delivery", parameters=parameters)
            page = self._session.parse(_Deliveries, answer).deliveries
            yield from page[:remaining]
            if len(page) < LARGEST_PAGE:
                return
            marker = page[-1].id
            remaining = None if remaining is None else remaining - len(page)

    def redeliver(
        self, uuid: str, delivery: int | None = None, since: datetime | None = None
    ) -> int:
        """Queue deliveries of a webhook again; return how many.

        :param delivery: the ``id`` of one, whatever its status; by default all that failed.
        :param since: only those that were given up since then; UTC unless it has a zone.
        """
        given = {"delivery": delivery, "since": since and since.isoformat()}
        body = {name: value for name, value in given.items() if value is not None}
        answer = self._session.json("POST", f"{_path(uuid)}/redeliver", body)
        return self._session.parse(_Queued, answer).queued

    def _webhook(self, answer: Any) -> Webhook:
        return self._session.parse(Webhook, answer)


def _path(uuid: str) -> str:
    return f"{WEBHOOKS}/{uuid}"


def _listed(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body whose events are a list, which JSON has."""
    return body | {"events": list(body["events"])} if "events" in body else body
