# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``delivery``, for notifiers."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from faafo.api.claim_schemas import REQUEST, TRACEPARENT, Seconds, Wait
from faafo.api.schemas import Attempt, Duration, Name, Text
from faafo.db.delivery_reports import Attempt as Delivered
from faafo.db.delivery_reports import Failure
from faafo.fractal.numbers import MAX_SIZE, WHOLE
from faafo.fractal.task import Uuid

NOTIFIER = "name of the notifier, which holds the leases"
MOST = 1000
Count = Annotated[int, Field(strict=True, ge=1, le=MOST), WHOLE]
HttpStatus = Annotated[int, Field(strict=True, ge=100, le=999), WHOLE]
Id = Annotated[int, Field(strict=True, ge=1, le=MAX_SIZE), WHOLE]

Tenant = Annotated[int, Field(strict=True, ge=0, le=MAX_SIZE), WHOLE]


class NewDeliveryClaim(BaseModel):
    """How many deliveries a notifier claims, of which webhooks, and for how long."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name = Field(description=NOTIFIER)
    count: Count = Field(description="the largest number of deliveries to claim")
    lease: Seconds = Field(description="seconds until the leases expire")
    per_webhook: Count = Field(1, description="the largest number of deliveries of one webhook")
    busy: list[Uuid] = Field(
        [], max_length=MOST, description="uuids of webhooks of which it takes none now"
    )
    per_tenant: Count = Field(
        MOST, description="the largest number of deliveries of one project at one receiver"
    )
    busy_tenants: list[Tenant] = Field(
        [], max_length=MOST, description="numbers of projects at receivers of which it takes none"
    )
    bus: bool = Field(
        False,
        strict=True,
        description="whether it takes deliveries to the bus, which are then made from now on",
    )


class DeliveryWait(Wait):
    """How long to wait for a delivery, and whether to the bus as well."""

    bus: bool = Field(False, description="whether deliveries to the bus count")


class DueEvent(BaseModel):
    """The event of a delivery."""

    uuid: UUID = Field(description="the header webhook-id")
    type: str = Field(description="type of the event")
    created_at: str = Field(description="when it happened (UTC)")
    body: str = Field(description="the payload, JSON text: a signature covers it as it is")
    request_id: str | None = Field(None, description=REQUEST)
    traceparent: str | None = Field(None, description=TRACEPARENT)


class DueWebhook(BaseModel):
    """The webhook of a delivery."""

    uuid: UUID = Field(description="of the webhook")
    url: str = Field(description="where the event is posted")
    tenant: int = Field(description="number of its project at its receiver")
    secrets: list[str] = Field(description="each signs the delivery")


class DueDelivery(BaseModel):
    """A claimed delivery."""

    id: int = Field(description="number of the delivery")
    attempt: int = Field(description="number of the claim: whatever is said of this lease names it")
    event: DueEvent = Field(description="the event")
    webhook: DueWebhook | None = Field(description="null: to the bus")


class ClaimedDeliveries(BaseModel):
    """The claimed deliveries."""

    objects: list[DueDelivery] = Field(description="the deliveries, those due longest first")


class Held(BaseModel):
    """A delivery that a notifier holds, and the number of its claim."""

    id: Id = Field(description="number of the delivery")
    attempt: Attempt = Field(description="number of the claim")


class DeliveredReport(Held):
    """A delivery that was made."""

    http_status: HttpStatus | None = Field(None, description="number that the receiver answered")
    duration: Duration = Field(description="seconds that it took")

    @property
    def outcome(self) -> Delivered:
        """The attempt, as the database has it."""
        return Delivered(self.id, self.attempt, self.http_status, self.duration)


class FailedReport(DeliveredReport):
    """A delivery that has failed."""

    fault: Text = Field(description="why, in a sentence")
    retry_after: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] | None = Field(
        None, description="seconds that the receiver asked to wait"
    )
    gone: bool = Field(
        False, strict=True, description="whether the receiver wants no more: 410 Gone"
    )

    @property
    def outcome(self) -> Failure:
        """The attempt, as the database has it."""
        return Failure(
            **self.model_dump(include={"id", "attempt", "http_status", "duration"}),
            fault=self.fault,
            retry_after=self.retry_after,
            gone=self.gone,
        )


class DeliveryUpdate(BaseModel):
    """The leases to renew or release, and what came of deliveries."""

    model_config = ConfigDict(extra="forbid")

    claimed_by: Name = Field(description=NOTIFIER)
    lease: Seconds = Field(30.0, description="seconds until renewed leases expire")
    renew: list[Held] = Field([], max_length=MOST, description="leases to renew")
    release: list[Held] = Field([], max_length=MOST, description="leases to release")
    delivered: list[DeliveredReport] = Field([], max_length=MOST, description="made deliveries")
    failed: list[FailedReport] = Field([], max_length=MOST, description="failed deliveries")


class DeliveryAnswer(BaseModel):
    """What became of an update."""

    lost: list[int] = Field(
        description="numbers of the deliveries whose leases the notifier does not hold"
    )
