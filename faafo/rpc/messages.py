# SPDX-License-Identifier: Apache-2.0
"""The RPC messages other than tasks and results, validated on arrival."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from faafo import errors
from faafo.fractal.lease import Token
from faafo.fractal.task import describe

Count = Annotated[int, Field(strict=True, ge=0)]
Model = TypeVar("Model", bound=BaseModel)


class _Message(BaseModel):
    # oslo.messaging adds members to a context, and later versions of faafo may do so, too.
    model_config = ConfigDict(frozen=True, extra="ignore")


def _valid_progress(value: Any) -> Any:
    """Drop invalid progress: it must not cost the report that it comes with."""
    entries = value.items() if isinstance(value, dict) else ()
    return {uuid: rows for uuid, rows in entries if isinstance(rows, int) and rows >= 0}


class TaskContext(_Message):
    """The ctxt of ``process`` and ``cancel``; every member is optional.

    ``producer`` is the instance id of the caller, ``attempt`` and ``token`` are those of the lease,
    ``worker`` the instance id of the worker that is called. ``alone`` is set for a quarantined
    task: the worker renders nothing else at the same time.
    """

    producer: str = ""
    attempt: Annotated[int, Field(strict=True)] | None = None
    token: Token | None = None
    worker: str | None = None
    alone: bool = False


class TileContext(_Message):
    """The ctxt of ``render_tile``: the caller's timeout in seconds, the id of its HTTP request."""

    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    request_id: Annotated[str, Field(max_length=100)] | None = None


class Report(_Message):
    """A worker's report: the arguments of ``report``, and members of its ctxt.

    ``server`` is the worker's name and ``worker`` its instance id, ``busy_for`` the number of
    occupied slots by producer, ``rows_done`` the number of rendered rows by uuid.
    """

    server: Annotated[str, Field(min_length=1)]
    slots: Count
    busy: Count
    busy_for: dict[str, Count]
    version: str
    worker: str | None = None
    rows_done: Annotated[dict[str, Count], BeforeValidator(_valid_progress)] = {}


def parse(model: type[Model], document: Any) -> Model:
    """Return ``document``, decoded JSON, as a ``model``.

    :raises faafo.errors.InvalidMessage: when it is not valid.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise errors.InvalidMessage(describe(error)) from None
