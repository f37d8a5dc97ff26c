# SPDX-License-Identifier: Apache-2.0
"""Kinds of tasks and labels: what a fractal needs of a worker, and what a worker serves."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Self

from pydantic import WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

LONGEST_LABEL = 64
# Labels of one worker, and needs that one claim names.
MOST_LABELS = 10
MOST_NEEDS = 100
# Characters of needs in a query: below the length of a request line that servers take.
LONGEST_SERVES = 4000
_NAME = f"[A-Za-z0-9._-]{{1,{LONGEST_LABEL}}}"
_LABEL = re.compile(_NAME)


class TaskKind(StrEnum):
    """What is to be done: a whole picture or a band or a frame, a join of bands, one of frames."""

    RENDER = "render"
    JOIN = "join"
    FILM = "film"


KINDS = tuple(TaskKind)
NEED_PATTERN = f"({'|'.join(KINDS)})(:{_NAME})?"
_NEED = re.compile(NEED_PATTERN)
# Descriptions of the fields of a record.
KIND = "what a worker does when it is claimed: render, join its bands, or join its frames to a film"
LABEL = "only workers with this label are given it; null: all"


class Need(NamedTuple):
    """What a fractal needs of its worker: a kind, and a label unless that is None."""

    kind: TaskKind
    label: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the need that ``text`` names, such as ``join`` or ``render:bigmem``.

        :raises ValueError: when it names none.
        """
        if not _NEED.fullmatch(text):
            raise ValueError(f"{text!r:.100} is no kind, nor a kind, a colon and a label")
        kind, _colon, label = text.partition(":")
        return cls(TaskKind(kind), label or None)

    def as_text(self) -> str:
        """Return it as a claim has it."""
        return self.kind.value if self.label is None else f"{self.kind.value}:{self.label}"


class Ability(NamedTuple):
    """What a worker serves: fractals of these kinds that ask for one of its labels, or for none."""

    kinds: frozenset[TaskKind]
    labels: frozenset[str] = frozenset()

    def serves(self, kind: TaskKind, label: str | None) -> bool:
        """Return whether it may be given such a fractal."""
        return kind in self.kinds and (label is None or label in self.labels)

    def needs(self) -> frozenset[Need]:
        """Return all that it serves."""
        return frozenset(Need(kind, label) for kind in self.kinds for label in (None, *self.labels))


# That of workers, and what producers claim, that know neither kinds nor labels.
FIRST = Ability(frozenset((TaskKind.RENDER, TaskKind.JOIN)))
FIRST_NEEDS = tuple(sorted(FIRST.needs()))


def in_order(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Return needs without repetition, those without a label first."""
    return tuple(sorted(set(needs), key=lambda one: (one.label or "", one.kind)))


def is_label(text: str) -> bool:
    """Return whether ``text`` may be a label."""
    return _LABEL.fullmatch(text) is not None


def _label(value: Any, _handler: Any) -> str | None:
    if value is None or (isinstance(value, str) and is_label(value)):
        return value
    raise PydanticCustomError(
        "label",
        "must be 1 to {most} letters of ASCII, digits, dots, underscores or hyphens",
        {"most": LONGEST_LABEL},
    )


Label = Annotated[
    str | None,
    WrapValidator(_label),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": f"^{_NAME}$"}, {"type": "null"}]}),
]
