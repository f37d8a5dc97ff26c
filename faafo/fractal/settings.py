# SPDX-License-Identifier: Apache-2.0
"""Settings: the values of options that an operator sets in all services while they run."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Settings(NamedTuple):
    """Values by option, ``group.option``, as they are written in files; the number of changes."""

    version: int
    values: Mapping[str, str]


class Live(Protocol):
    """The configuration of a process, which follows settings."""

    @property
    def settings(self) -> Settings:
        """The settings that were applied last."""
        ...

    @property
    def configuration(self) -> str:
        """Which settings and which values of options are in effect, short enough to compare."""
        ...

    def apply_settings(self, version: int, values: Mapping[str, str]) -> None:
        """Apply settings in place of the ones before."""
        ...


NONE = Settings(0, {})
