# SPDX-License-Identifier: Apache-2.0
"""Entries of a batch: each is validated on its own, so that one error refuses one entry."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import GetJsonSchemaHandler, TypeAdapter, ValidationError, WrapValidator
from pydantic_core import CoreSchema

from faafo.fractal.task import Uuid, describe

LOG = logging.getLogger(__name__)

Value = TypeVar("Value")
_UUID = TypeAdapter(Uuid)


@dataclass(frozen=True)
class Malformed:
    """An entry that breaks its schema: its uuid, if that is valid, and the error."""

    uuid: str | None
    problem: str


@dataclass(frozen=True)
class _OrAnything:
    """Documents that any other value does not refuse the request."""

    description: str

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"description": self.description}]}


def _or_malformed(value: Any, handler: Any) -> Any:
    if not isinstance(value, dict):
        return Malformed(None, f"must be an object, not {type(value).__name__}")
    try:
        return handler(value)
    except ValidationError as error:
        return Malformed(_uuid_of(value), describe(error))


def _or_none(value: Any, handler: Any) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        LOG.debug("ignored: %s", describe(error))
        return None


def _uuid_of(value: dict[str, Any]) -> str | None:
    try:
        return _UUID.validate_python(value.get("uuid"))
    except ValidationError:
        return None


# A model, or a Malformed in place of an entry that breaks its schema.
Entry = Annotated[
    Value,
    WrapValidator(_or_malformed),
    _OrAnything("Any other value is skipped, and listed under lost and problems."),
]
# An optional field that does not refuse its entry: None in place of an invalid value.
Lenient = Annotated[
    Value | None, WrapValidator(_or_none), _OrAnything("Any other value is ignored.")
]


def valid(entries: Iterable[Value]) -> list[Value]:
    """Return the entries that are not malformed."""
    return [one for one in entries if not isinstance(one, Malformed)]


def problems(name: str, entries: Iterable[Any]) -> dict[str, Malformed]:
    """Return the malformed entries by ``name`` and number, such as renew.3."""
    return {
        f"{name}.{number}": one for number, one in enumerate(entries) if isinstance(one, Malformed)
    }
