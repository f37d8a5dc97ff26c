# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``webhook``, validated and documented in one place."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from faafo.api.schemas import Url
from faafo.db.event_models import DeliveryStatus
from faafo.fractal.events import PING, EventType
from faafo.fractal.numbers import INTEGER_TEXT, MAX_SIZE, WHOLE
from faafo.fractal.signing import check_secret
from faafo.fractal.task import Uuid


def _check_secret(text: str) -> str:
    try:
        check_secret(text)
    except ValueError as error:
        raise PydanticCustomError("secret", "{problem}", {"problem": str(error)}) from None
    return text


def _as_utc(moment: datetime) -> datetime:
    """Return a time as the database has it; one without a zone is UTC."""
    try:
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        raise PydanticCustomError("moment", "must be in the years 1 to 9999 in UTC") from None


# 8 groups of base64 are 24 bytes, 20 and a last one at most 63.
SECRET_PATTERN = (
    "^whsec_([A-Za-z0-9+/]{4}){8,20}([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)?$"
)
URL = "where events are posted: http or https, without a login, on a public address"
SECRET = "signs each delivery: whsec_ and 24 to 64 bytes in base64; generated unless given"
COLLECTION = "only events of fractals in the collection of this uuid"
Kinds = Annotated[list[EventType], Field(min_length=1, max_length=20)]
# No error shows it: see ``describe``.
Secret = Annotated[
    str,
    AfterValidator(_check_secret),
    WithJsonSchema({"type": "string", "pattern": SECRET_PATTERN}),
]
DeliveryId = Annotated[int, Field(strict=True, ge=1, le=MAX_SIZE), WHOLE]


class WebhookPath(BaseModel):
    """The uuid of a webhook."""

    uuid: UUID = Field(description="of a webhook")


class NewWebhook(BaseModel):
    """A webhook to make."""

    model_config = ConfigDict(extra="forbid")

    url: Url = Field(description=URL)
    events: Kinds = Field(
        [EventType.COMPLETE, EventType.ERROR], description="the types of events that it gets"
    )
    collection: Uuid | None = Field(None, description=COLLECTION)
    secret: Secret | None = Field(None, description=SECRET)


class WebhookUpdate(BaseModel):
    """What to change; the rest stays as it is."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = Field(None, description="the new URL; null leaves it as it is")
    events: Kinds | None = Field(None, description="the new types; null leaves them as they are")
    collection: Uuid | None = Field(None, description=f"{COLLECTION}; null: of all fractals")
    enabled: bool | None = Field(
        None, strict=True, description="whether events are delivered; null leaves it as it is"
    )


class NewSecret(BaseModel):
    """A secret to sign with from now on."""

    model_config = ConfigDict(extra="forbid")

    secret: Secret | None = Field(None, description=SECRET)


class WebhookRecord(BaseModel):
    """A webhook."""

    uuid: UUID = Field(description="names the webhook in the address")
    url: str = Field(description="where events are posted")
    events: list[EventType] = Field(description="the types of events that it gets")
    collection: UUID | None = Field(description=COLLECTION)
    callback: bool = Field(
        description="whether it was made for the callback_url of fractals, and gets events of "
        "those alone"
    )
    enabled: bool = Field(description="whether events are delivered")
    reason: str | None = Field(description="why it is disabled")
    previous_secret_until: str | None = Field(
        description="until when the secret before the last rotation signs, too (UTC)"
    )
    created_at: str = Field(description="when it was made (UTC)")
    project_id: str | None = Field(description="whose fractals it is about; null: without a login")
    user_id: str | None = Field(description="who has made it")


class WebhookWithSecret(WebhookRecord):
    """A webhook, and the secret that no other answer shows."""

    secret: str = Field(description=SECRET)


class WebhookList(BaseModel):
    """The webhooks of the caller's project, newest first."""

    webhooks: list[WebhookRecord] = Field(description="the records")


class DeliveryList(BaseModel):
    """The filter and the page of a log of deliveries."""

    status: DeliveryStatus | None = Field(None, description="only deliveries of this status")
    marker: Annotated[int, INTEGER_TEXT] = Field(
        MAX_SIZE,
        ge=1,
        le=MAX_SIZE,
        description="the number of the last delivery on the previous page",
    )


class DeliveryRecord(BaseModel):
    """A delivery of an event to a webhook."""

    id: int = Field(description="number of the delivery")
    event: UUID = Field(description="uuid of the event, the header webhook-id")
    type: EventType | str = Field(description=f"type of the event; {PING} to try the webhook")
    fractal: UUID | None = Field(description="uuid of the fractal")
    status: DeliveryStatus = Field(
        description="pending, then delivered, or failed once it is given up"
    )
    attempts: int = Field(description="number of attempts")
    failures: int = Field(description="number of failed attempts since it was queued")
    http_status: int | None = Field(description="number that the receiver answered last")
    fault: str | None = Field(description="why the last attempt failed")
    duration: float | None = Field(description="seconds that the last attempt took")
    due_at: str | None = Field(description="when it is tried next, if it is pending (UTC)")
    created_at: str = Field(description="when the event happened (UTC)")
    updated_at: str = Field(description="when this record last changed (UTC)")


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryRecord] = Field(description="the records")


class Redelivery(BaseModel):
    """Which deliveries are queued again; without a field, all that were given up."""

    model_config = ConfigDict(extra="forbid")

    delivery: DeliveryId | None = Field(None, description="the number of one delivery")
    since: Annotated[datetime, AfterValidator(_as_utc)] | None = Field(
        None, description="all that were given up since then (UTC unless it has a zone)"
    )


class Queued(BaseModel):
    """How many deliveries were queued."""

    queued: int = Field(description="number of deliveries")
