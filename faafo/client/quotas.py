# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about quotas."""

from urllib.parse import quote

from faafo.client.results import Quota
from faafo.client.session import Session


class QuotaCalls:
    """Base class of ``Client``."""

    _session: Session

    def quota(self, project_id: str) -> Quota:
        """Return the limits of a project and what it uses."""
        return self._session.parse(Quota, self._session.json("GET", _path(project_id)))

    def set_quota(self, project_id: str, **limits: int | None) -> Quota:
        """Set limits of a project: ``queued``, ``fractals``, ``bytes``, ``pixels_per_day``.

        -1 is no limit, None the default of the service; those that are not given stay.
        """
        return self._session.parse(Quota, self._session.json("PUT", _path(project_id), limits))

    def unset_quota(self, project_id: str) -> None:
        """Make all limits of a project the default of the service again."""
        self._session.json("DELETE", _path(project_id))


def _path(project_id: str) -> str:
    return f"/api/quota/{quote(project_id, safe='')}"
