# SPDX-License-Identifier: Apache-2.0
"""Requests and responses of the resource ``lock``, validated and documented in one place."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from faafo.fractal.locks import (
    LONGEST_HOLDER,
    LONGEST_TTL,
    MOST_TOKEN,
    NAME_PATTERN,
    NO_TOKEN,
    SHORTEST_TTL,
)
from faafo.fractal.numbers import INTEGER_TEXT, NUMBER_TEXT, WHOLE

TOKEN = "the fencing token, a number that each acquisition increases by 1"
Ttl = Annotated[float, Field(ge=SHORTEST_TTL, le=LONGEST_TTL, strict=True, allow_inf_nan=False)]


class LockPath(BaseModel):
    """The name of a lock."""

    name: str = Field(pattern=NAME_PATTERN, description="name of a lock")


class LockWait(BaseModel):
    """How long to wait until a lock is free."""

    model_config = ConfigDict(extra="forbid")

    wait: Annotated[float, NUMBER_TEXT] = Field(
        0.0,
        ge=0,
        le=30,
        allow_inf_nan=False,
        description="seconds until the answer, if the lock is not free earlier",
    )


class LockToken(BaseModel):
    """The token under which a lock is held."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[int, INTEGER_TEXT] = Field(ge=NO_TOKEN, le=MOST_TOKEN, description=TOKEN)


class NewLock(BaseModel):
    """Who acquires a lock, and for how long."""

    model_config = ConfigDict(extra="forbid")

    holder: Annotated[str, Field(min_length=1, max_length=LONGEST_HOLDER)] = Field(
        description="who will hold it, for people and for those who find it held"
    )
    ttl: Ttl = Field(description="seconds until it expires")


class LockExtension(BaseModel):
    """The token under which a lock is held, and for how long it will be."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[int, Field(strict=True, ge=NO_TOKEN, le=MOST_TOKEN), WHOLE] = Field(
        description=TOKEN
    )
    ttl: Ttl = Field(description="seconds from now until it expires")


class LockRecord(BaseModel):
    """The state of a lock."""

    name: str = Field(description="its name")
    holder: str | None = Field(description="who holds it; null: it is free")
    token: int = Field(description=f"{TOKEN}; 0: it was never acquired")
    expires_at: str | None = Field(description="when it expires (UTC); null: it is free")
