# SPDX-License-Identifier: Apache-2.0
"""A claimed delivery, and what came of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from faafo import errors
from faafo.correlation import UNKNOWN, Correlation, Work

# Characters of a fault in a report.
LONGEST_FAULT = 1000


@dataclass(frozen=True)
class Webhook:
    """Where a delivery goes, and the secrets that sign it."""

    uuid: str
    # It may have a token in it.
    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


class About(NamedTuple):
    """The fractal and the project that an event is about; each is None if there is none."""

    fractal: str | None = None
    project_id: str | None = None

    @classmethod
    def of(cls, body: str) -> Self:
        """Return what an event with that payload is about."""
        try:
            data = json.loads(body)["data"]
            found = (data.get("uuid"), data.get("project_id"))
        except (AttributeError, ValueError, LookupError, TypeError):
            return cls()
        return cls(*(one if isinstance(one, str) else None for one in found))


NOTHING = About()


@dataclass(frozen=True)
class Delivery:
    """A delivery that this notifier has claimed; ``webhook`` and ``tenant`` are None for the bus.

    ``tenant`` is the number of a project at a receiver, whose deliveries share places.
    ``attempt`` counts the claims of this delivery: whatever is reported of it names both.
    ``record`` is the delivery as the API has answered it, ``about`` what its
    event is about, and ``correlation`` finds the log lines of the same fractal.
    """

    id: int
    attempt: int
    event: str
    body: str = field(repr=False)
    webhook: Webhook | None
    tenant: int | None
    record: Mapping[str, Any] = field(repr=False, compare=False)
    about: About = field(default=NOTHING, compare=False)
    correlation: Correlation = field(default=UNKNOWN, compare=False)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Return a claimed delivery.

        :raises faafo.errors.InvalidMessage: when it is malformed: it comes from another process.
        """
        try:
            event, webhook = record["event"], record["webhook"]
            tenant, about = None, About.of(event["body"])
            if webhook is not None:
                tenant = webhook["tenant"]
                webhook = Webhook(webhook["uuid"], webhook["url"], tuple(webhook["secrets"]))
            delivery = cls(
                record["id"],
                record["attempt"],
                event["uuid"],
                event["body"],
                webhook,
                tenant,
                record,
                about,
                Correlation.of(event),
            )
        except (AttributeError, LookupError, TypeError) as error:
            raise errors.InvalidMessage(f"a malformed delivery: {error!r}") from None
        texts = (delivery.event, delivery.body)
        numbers: tuple[Any, ...] = (delivery.id, delivery.attempt)
        if webhook is not None:
            texts += (webhook.uuid, webhook.url, *webhook.secrets)
            numbers += (delivery.tenant,)
        if not all(isinstance(one, str) for one in texts) or any(
            type(one) is not int for one in numbers
        ):
            raise errors.InvalidMessage("a malformed delivery: fields of other types")
        return delivery

    @property
    def lease(self) -> tuple[int, int]:
        """What identifies this claim of this delivery."""
        return self.id, self.attempt

    def work(self) -> Work:
        """Return the block in which a thread makes this delivery."""
        return Work(self.correlation, self.about.fractal, self.about.project_id)

    def as_body(self) -> dict[str, Any]:
        """Return the lease as requests to the API contain it."""
        return {"id": self.id, "attempt": self.attempt}


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt at a delivery.

    :param http_status: None when there was no answer.
    :param duration: in seconds.
    :param fault: one sentence why it has failed, None when it was delivered.
    :param retry_after: seconds that the receiver has asked to wait.
    :param gone: whether the receiver wants no more deliveries.
    :param timed_out: whether the receiver did not answer in time.
    """

    http_status: int | None
    duration: float
    fault: str | None = None
    retry_after: float | None = None
    gone: bool = False
    timed_out: bool = False

    def as_body(self) -> dict[str, Any]:
        """Return the outcome as reports contain it, without the lease."""
        body: dict[str, Any] = {"http_status": self.http_status, "duration": self.duration}
        if self.fault is not None:
            printable = "".join(one if one.isprintable() else "?" for one in self.fault)
            body["fault"] = printable[:LONGEST_FAULT]
            body |= {"retry_after": self.retry_after, "gone": self.gone}
        return body
