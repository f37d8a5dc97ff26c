# SPDX-License-Identifier: Apache-2.0
"""The RPC messages other than tasks and results, validated on arrival."""

from functools import partial
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from faafo import errors
from faafo.correlation import REQUEST_ID, TRACEPARENT, Correlation, matching
from faafo.fractal.kinds import FIRST, KINDS, MOST_LABELS, Ability, TaskKind, is_label
from faafo.fractal.lease import Token
from faafo.fractal.task import FractalResult, describe

Count = Annotated[int, Field(strict=True, ge=0)]
Model = TypeVar("Model", bound=BaseModel)


class _Message(BaseModel):
    # oslo.messaging adds members to a context, and later versions of faafo may do so, too.
    model_config = ConfigDict(frozen=True, extra="ignore")


def _valid_progress(value: Any) -> Any:
    """Drop invalid progress: it must not cost the report that it comes with."""
    entries = value.items() if isinstance(value, dict) else ()
    return {uuid: rows for uuid, rows in entries if isinstance(rows, int) and rows >= 0}


class Holder(_Message):
    """The attempt and the token of the lease under which a task is rendered; both are optional.

    ``request_id`` and ``traceparent`` are those of a ``Correlation``: None if they are malformed,
    since no render must fail for them.
    """

    attempt: Annotated[int, Field(strict=True)] | None = None
    token: Token | None = None
    request_id: Annotated[str | None, BeforeValidator(partial(matching, REQUEST_ID))] = None
    traceparent: Annotated[str | None, BeforeValidator(partial(matching, TRACEPARENT))] = None

    @property
    def correlation(self) -> Correlation:
        """By which the log lines and spans of this attempt are found."""
        return Correlation(self.request_id, self.traceparent)


class TaskContext(Holder):
    """The ctxt of ``process`` and ``cancel``; every member is optional.

    ``producer`` is the instance id of the caller, ``worker`` that of the worker that is called.
    ``alone`` is set for a quarantined task: the worker renders nothing else at the same time.
    """

    producer: str = ""
    worker: str | None = None
    alone: bool = False


class BatchContext(_Message):
    """The ctxt of ``process_all``: the instance ids of the caller and of the worker.

    The worker begins no further task once ``begin_within`` seconds have passed.
    """

    producer: str
    worker: str | None = None
    begin_within: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class BatchEntry(Holder):
    """One of the tasks of ``process_all`` and ``find_all``, with its lease."""

    task: dict[str, Any]


class Problem(_Message):
    """An error of a task, by the name of its class in ``faafo.errors``."""

    kind: str
    message: str

    @classmethod
    def of(cls, error: errors.FaafoError) -> Self:
        """Return the problem that travels for ``error``."""
        return cls(kind=type(error).__name__, message=str(error))

    def as_error(self) -> errors.FaafoError:
        """Return the error; one that this version does not know becomes ``RenderFailed``."""
        kind = getattr(errors, self.kind, None)
        if isinstance(kind, type) and issubclass(kind, errors.FaafoError):
            return kind(self.message)
        return errors.RenderFailed(f"{self.kind}: {self.message}")


class Outcome(_Message):
    """The result of a task or its error; neither if it has not begun, or is not found."""

    result: FractalResult | None = None
    error: Problem | None = None

    @property
    def value(self) -> FractalResult | errors.FaafoError | None:
        """The result or the error, None if there is neither."""
        return self.result if self.error is None else self.error.as_error()


class TileContext(_Message):
    """The ctxt of ``render_tile``: the caller's timeout in seconds, the id of its HTTP request."""

    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    request_id: Annotated[str, Field(max_length=100)] | None = None


class Instruction(_Message):
    """The arguments of ``instruct``, and members of its ctxt.

    ``worker`` is the instance id of the worker that is meant.
    """

    worker: str | None = None
    disabled: bool
    reason: str | None = None


def _none_if_invalid(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Drop an invalid member: it must not cost the report that it comes with."""
    try:
        return validate(value)
    except ValidationError:
        return None


Shown = WrapValidator(_none_if_invalid)
Names = Annotated[list[str], Field(max_length=MOST_LABELS)]
ShownText = Annotated[Annotated[str, Field(min_length=1, max_length=255)] | None, Shown]


class Told(_Message):
    """The arguments of ``configure``: the settings, and the number of their changes."""

    version: Count
    settings: dict[str, str]


class Report(_Message):
    """A worker's report: the arguments of ``report``, and members of its ctxt.

    ``server`` is the worker's name and ``worker`` its instance id, ``busy_for`` the number of
    occupied slots by producer, ``rows_done`` the number of rendered rows by uuid.
    ``takes_batches`` is whether it serves ``process_all`` and ``find_all``. The others are for the
    registry of services: ``age`` is in seconds, ``work`` what it has done, and a worker that tells
    whether it is ``disabled`` serves ``instruct``. ``settings`` is the
    number of changes of settings that it knows, if it serves ``configure``, ``parameters`` the
    version of the drawing parameters that it knows; None: the first. ``all_slots`` replaces
    ``slots``, and ``kinds`` and ``labels`` are what it serves; None: it knows no kinds.
    """

    server: Annotated[str, Field(min_length=1)]
    slots: Count
    busy: Count
    busy_for: dict[str, Count]
    version: str
    worker: str | None = None
    takes_batches: bool = False
    rows_done: Annotated[dict[str, Count], BeforeValidator(_valid_progress)] = {}
    settings: Annotated[Count | None, Shown] = None
    parameters: Annotated[Annotated[int, Field(strict=True, ge=1)] | None, Shown] = None
    kinds: Annotated[Names | None, Shown] = None
    labels: Annotated[Names | None, Shown] = None
    disabled: Annotated[bool | None, Shown] = None
    draining: Annotated[bool | None, Shown] = None
    stopped: Annotated[bool | None, Shown] = None
    host: ShownText = None
    age: Annotated[Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, Shown] = None
    work: Annotated[dict[str, Any] | None, Shown] = None
    configuration: ShownText = None

    @model_validator(mode="before")
    @classmethod
    def _with_all_slots(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("all_slots") is not None:
            return values | {"slots": values["all_slots"]}
        return values

    @property
    def ability(self) -> Ability:
        """What it serves; kinds that this version does not know are left out."""
        if self.kinds is None:
            return FIRST
        kinds = frozenset(TaskKind(one) for one in self.kinds if one in KINDS)
        return Ability(kinds, frozenset(filter(is_label, self.labels or ())))


def parse(model: type[Model], document: Any) -> Model:
    """Return ``document``, decoded JSON, as a ``model``.

    :raises faafo.errors.InvalidMessage: when it is not valid.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise errors.InvalidMessage(describe(error)) from None
