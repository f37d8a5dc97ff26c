# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the REST API, validated and documented in one place."""

from typing import Annotated
from uuid import UUID

from flask_openapi.types import ResponseDict
from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from faafo.api import examples
from faafo.api.scheduling_schemas import NewSchedule, ScheduleRecord
from faafo.core.access import Range
from faafo.fractal.film import Film
from faafo.fractal.numbers import INTEGER_TEXT, MAX_INT32, MAX_SIZE, WHOLE
from faafo.fractal.parts import MOST_PARTS
from faafo.fractal.task import AnyChecksum, FractalParameters, Status, Uuid

Attempt = Annotated[int, Field(strict=True, ge=0, le=MAX_INT32), WHOLE]
Name = Annotated[str, Field(min_length=1, max_length=255)]
# Checked by faafo.egress; a public address in place of a name is taken, too.
Url = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 2000,
            "pattern": r"^https?://([A-Za-z]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?\.){1,4}[A-Za-z]{2,20}"
            r'(:[1-9][0-9]{0,3})?(/[!"$-\[\]-~]*)?$',
        }
    ),
]
Text = Annotated[str, Field(max_length=4000)]
Duration = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Size = Annotated[int, Field(strict=True, ge=0, le=MAX_SIZE), WHOLE]

# Descriptions of fields that several models have.
SHARED = "whether all projects may see it"
CHECKSUM = "SHA-256 of the image, in hexadecimal"
DURATION = "seconds that the worker spent on rendering, or on finding a stored image"
SIZE = "bytes of the image"
WORKER = "name of the worker"


class Message(BaseModel):
    """The body of every error."""

    message: str = Field(description="one sentence that says what is wrong")


# Without 400, flask-openapi documents it as a list of messages.
ERRORS: ResponseDict = {"400": Message, "4XX": Message, "503": Message}


class FractalPath(BaseModel):
    """The uuid of a fractal."""

    uuid: UUID = Field(description="uuid of the fractal")


class RecordList(BaseModel):
    """The filters, the order and the page of a list."""

    q: str | None = Field(
        None,
        description='JSON: {"filters": [{"name", "op", "val"}], "order_by": [{"field", '
        '"direction"}]}; filters nest in {"and": []} and {"or": []}',
    )
    page: Annotated[int, INTEGER_TEXT] = Field(
        1, ge=1, le=MAX_INT32, description="number of the page, from 1"
    )
    results_per_page: Annotated[int, INTEGER_TEXT] = Field(
        10, ge=1, le=MAX_INT32, description="number of fractals on a page; more than 100 gives 100"
    )
    marker: Uuid | None = Field(
        None,
        description="The uuid of the last fractal on the previous page: every page costs as "
        "much as the first. The Link header has it. Not together with order_by.",
    )
    collection: Uuid | None = Field(
        None, description="Only the fractals in the collection of this uuid. Not with scope."
    )
    scope: Range = Field(
        Range.PROJECT,
        description="Whose fractals: those of the caller's project, those that any project "
        "shares, or those of all projects, which administrators may see. Without a login the "
        "first is all.",
    )


class FractalList(RecordList):
    """The filters, the order and the page of a list of fractals."""

    children: Uuid | None = Field(
        None,
        description="Only the parts of the fractal of this uuid, which no other list has. Not with "
        "scope or collection.",
    )


class Posting(NewSchedule):
    """What is said of a record that is posted, whatever it is of."""

    model_config = ConfigDict(extra="forbid")

    uuid: Uuid | None = Field(
        None, description="uuid of the fractal; the API chooses one if there is none"
    )
    shared: bool = Field(False, strict=True, description=SHARED)
    callback_url: Url | None = Field(
        None,
        description="is told how the fractal ends, as a webhook is; callback_secret in the answer "
        "signs what is delivered there",
    )


class NewFractal(Posting, FractalParameters):
    """A fractal to render; the API generates a uuid and chooses c when they are not given."""


class NewPoster(NewFractal):
    """A fractal to render, which may be divided into bands of rows."""

    split: Annotated[int, Field(strict=True, ge=1, le=MOST_PARTS), WHOLE] | None = Field(
        None,
        description="number of bands of rows that workers render each on its own, at most the "
        "height; without it a picture of more than [api] split_pixels is divided",
    )


class Sharing(BaseModel):
    """Whether all projects may see a fractal."""

    model_config = ConfigDict(extra="forbid")

    shared: bool = Field(strict=True, description=SHARED)


class NewFractals(RootModel[list[NewFractal]]):
    """Fractals to render; all of them are queued, or none."""

    root: Annotated[list[NewFractal], Field(min_length=1, max_length=1000)]


class FractalRecord(ScheduleRecord, FractalParameters):
    """The record of a fractal."""

    model_config = ConfigDict(
        json_schema_extra=examples.with_example(FractalParameters, examples.RECORD)
    )

    uuid: Uuid = Field(description="uuid of the fractal")
    status: Status = Field(description="queued, then rendering, then complete or error")
    attempt: int = Field(description="number of the last claim; a result must name it")
    failures: int = Field(
        description="number of failed attempts; at [api] max_attempts it is in error"
    )
    fault: str | None = Field(description="why, where and when the last attempt failed")
    created_at: str = Field(description="when it was posted (UTC)")
    checksum: AnyChecksum | None = Field(
        description="SHA-256 of the image; other than 64 digits from clients that name no attempt"
    )
    duration: float | None = Field(description=DURATION)
    size: int | None = Field(description=SIZE)
    generated_by: str | None = Field(description=WORKER)
    project_id: str | None = Field(description="whose it is; null: posted without a login")
    user_id: str | None = Field(description="who posted it")
    shared: bool = Field(description=SHARED)
    children: int | None = Field(
        None, description="number of its parts; absent if it is rendered as a whole"
    )
    open_children: int | None = Field(
        None, description="number of its parts that are not complete; absent without parts"
    )
    parent: Uuid | None = Field(
        None, description="uuid of the fractal that it is a part of; absent if it is none"
    )
    first_row: int | None = Field(None, description="number of its first row of that, from 0")
    band_rows: int | None = Field(None, description="number of its rows of that")
    frame: int | None = Field(
        None, description="number of the frame of a film that it is, from 0; absent if it is none"
    )
    film: Film | None = Field(
        None, description="what was asked for, if it is a film; absent if it is none"
    )


class PostedFractal(FractalRecord):
    """The record of a fractal that was posted."""

    callback_secret: str | None = Field(
        None, description="signs what is delivered to callback_url, whenever that is posted to"
    )


class FractalRecords(BaseModel):
    """The records of fractals that were posted together, in the order of the request."""

    objects: list[PostedFractal] = Field(description="the records")


class FractalPage(BaseModel):
    """One page of fractals."""

    num_results: int = Field(description="number of fractals on all pages")
    objects: list[FractalRecord] = Field(description="the records of this page")
    page: int = Field(description="number of this page, from 1")
    total_pages: int = Field(description="number of pages")
