# SPDX-License-Identifier: Apache-2.0
"""The call of the public client about the backlog."""

from pydantic import BaseModel, ConfigDict

from faafo.client.session import Session


class Backlog(BaseModel):
    """What workers have to do: numbers of fractals, and the longest wait in seconds.

    ``outstanding`` is ``claimable`` and ``rendering``: what slots could be busy with.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    queued: int
    claimable: int
    rendering: int
    outstanding: int
    oldest_seconds: float


class BacklogCalls:
    """Base class of ``Client``."""

    _session: Session

    def backlog(self, kind: str | None = None, label: str | None = None) -> Backlog:
        """Return how much work there is for workers: all, or what needs that of them.

        :param label: empty: what asks for none.
        """
        given = {"kind": kind, "label": label}
        parameters = {name: value for name, value in given.items() if value is not None}
        answer = self._session.json("GET", "/api/backlog", parameters=parameters or None)
        return self._session.parse(Backlog, answer)
