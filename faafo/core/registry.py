# SPDX-License-Identifier: Apache-2.0
"""The registry of services as a process of the API knows it: who is listed, who is disabled."""

from collections.abc import Iterable, Mapping, Sequence

from oslo_config import cfg

from faafo import errors
from faafo.core.refreshed import Refreshed
from faafo.db import db, services
from faafo.db.pace import Pace
from faafo.db.services import Heartbeat, Seen
from faafo.fractal.service import CHANGEABLE, Kind, name_of

# Seconds between two removals of services that have not been seen for long.
PURGE_SECONDS = 60.0


class Registry:
    """Stores heartbeats, lists services, and knows which of them are disabled.

    A claim asks whether its producer is disabled; that is read once a second at most.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self._disabled = Refreshed(lambda: services.disabled(db.session))
        self._purges = Pace(PURGE_SECONDS)

    def store(self, heartbeats: Iterable[Heartbeat]) -> None:
        """Store heartbeats; now and then remove services that are no longer there."""
        services.store(db.session, heartbeats, self._conf.api.service_down_time)
        if self._purges.lets("services"):
            services.purge(db.session, self._conf.api.service_retention)

    def listed(self, kind: Kind | None = None) -> Sequence[Seen]:
        """Return the services, by kind and name."""
        return services.listed(db.session, self._conf.api.service_down_time, kind)

    def get(self, uid: str) -> Seen:
        """Return a service.

        :raises faafo.errors.ServiceNotFound: when there is none.
        """
        return services.get(db.session, uid, self._conf.api.service_down_time)

    def change(self, uid: str, disabled: bool, reason: str | None) -> Seen:
        """Disable a service or enable it again; return it.

        :raises faafo.errors.ServiceNotFound: when there is none.
        :raises faafo.errors.ServiceFixed: when it is neither a producer nor a worker.
        """
        kind = self.get(uid).kind
        if kind not in CHANGEABLE:
            raise errors.ServiceFixed(f"a service of kind {kind} cannot be disabled")
        services.change(db.session, uid, disabled, reason)
        self._disabled.forget()
        return self.get(uid)

    def delete(self, uid: str) -> None:
        """Remove a service that is down.

        :raises faafo.errors.ServiceNotFound: when there is none.
        :raises faafo.errors.ServiceFixed: when it is not down.
        """
        if not services.remove_down(db.session, uid, self._conf.api.service_down_time):
            seen = self.get(uid)
            raise errors.ServiceFixed(
                f"service {seen.name} of kind {seen.kind} is {seen.state}; only one that is down "
                "can be deleted"
            )
        self._disabled.forget()

    def is_disabled(self, kind: Kind, name: str) -> bool:
        """Tell whether a service is disabled."""
        return (kind, name) in self._disabled.get()

    def may_claim(self, claimed_by: str) -> bool:
        """Tell whether a producer gets fractals.

        :param claimed_by: its instance id, or its name: other programs claim, too.
        """
        names = {claimed_by, name_of(claimed_by)}
        return not any(self.is_disabled(Kind.PRODUCER, name) for name in names)

    def reason(self, kind: Kind, name: str) -> str | None:
        """Return why a service is disabled; None if it is not."""
        return self._disabled.get().get((kind, name))

    def disabled(self, kind: Kind) -> Mapping[str, str | None]:
        """Return why services of a kind are disabled, by their names."""
        found = self._disabled.get()
        return {name: reason for (one, name), reason in found.items() if one == kind}
