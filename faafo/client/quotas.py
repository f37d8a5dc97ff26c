# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about quotas."""

from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from faafo import errors
from faafo.client.results import Quota
from faafo.client.session import Session
from faafo.fractal.task import describe

Model = TypeVar("Model", bound=BaseModel)


class QuotaCalls:
    """Base class of ``Client``."""

    _session: Session

    def quota(self, project_id: str) -> Quota:
        """Return the limits of a project and what it uses."""
        return self._parse(Quota, self._session.json("GET", _path(project_id)))

    def set_quota(self, project_id: str, **limits: int | None) -> Quota:
        """Set limits of a project: ``queued``, ``fractals``, ``bytes``, ``pixels_per_day``.

        -1 is no limit, None the default of the service; those that are not given stay.
        """
        return self._parse(Quota, self._session.json("PUT", _path(project_id), limits))

    def unset_quota(self, project_id: str) -> None:
        """Make all limits of a project the default of the service again."""
        self._session.json("DELETE", _path(project_id))

    def _parse(self, kind: type[Model], answer: Any) -> Model:
        try:
            return kind.model_validate(answer)
        except ValidationError as error:
            text = f"the answer is not one of faafo: {describe(error)}"
            raise errors.ApiUnavailable(f"{self._session.shown_url}: {text}", "answer") from None


def _path(project_id: str) -> str:
    return f"/api/quota/{quote(project_id, safe='')}"
