# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about maintenance."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from faafo.client.session import Session

PATH = "/api/maintenance"


class Maintenance(BaseModel):
    """What the service does not do for a while.

    ``mode`` is ``off``, ``read-only`` or ``paused``; ``until`` is when it is off by itself.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    mode: str
    reason: str | None
    until: datetime | None


class MaintenanceCalls:
    """Base class of ``Client``."""

    _session: Session

    def maintenance(self) -> Maintenance:
        """Return the mode of maintenance."""
        return self._session.parse(Maintenance, self._session.json("GET", PATH))

    def set_maintenance(
        self, mode: str, *, reason: str | None = None, until: datetime | None = None
    ) -> Maintenance:
        """Set the mode of maintenance, which administrators may do.

        :param reason: why, for users.
        :param until: when it is off by itself; with a time zone.
        """
        body = {
            "mode": mode,
            "reason": reason,
            "until": None if until is None else until.isoformat(),
        }
        return self._session.parse(Maintenance, self._session.json("PUT", PATH, body))
