# SPDX-License-Identifier: Apache-2.0
"""The calls of the public client about settings."""

from urllib.parse import quote

from faafo.client.results import Setting
from faafo.client.session import Session


class SettingCalls:
    """Base class of ``Client``."""

    _session: Session

    def settings(self) -> list[Setting]:
        """Return all options that are set while services run, by name."""
        answer = self._session.json("GET", "/api/setting")
        return [self._session.parse(Setting, one) for one in answer["settings"]]

    def setting(self, name: str) -> Setting:
        """Return such an option."""
        return self._session.parse(Setting, self._session.json("GET", _path(name)))

    def set_setting(self, name: str, value: str) -> Setting:
        """Set an option, ``group.option``, in all services; the value is written as in a file."""
        answer = self._session.json("PUT", _path(name), {"value": value})
        return self._session.parse(Setting, answer)

    def unset_setting(self, name: str) -> None:
        """Have services read an option from their files again."""
        self._session.json("DELETE", _path(name))


def _path(name: str) -> str:
    return f"/api/setting/{quote(name, safe='')}"
