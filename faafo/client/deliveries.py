# SPDX-License-Identifier: Apache-2.0
"""Leases on deliveries, for notifiers."""

from collections.abc import Collection, Sequence
from typing import Any

from faafo.client.service import ServiceClient

PATH = "/api/delivery/claim"
# Limit of the API: leases, deliveries and busy webhooks in a request.
LARGEST_UPDATE = 1000

Entry = dict[str, Any]


class DeliveryClient(ServiceClient):
    """The API for notifiers; may be shared by threads.

    Every method raises ``faafo.errors.ApiUnavailable`` when a retry may succeed, and
    ``faafo.errors.ApiRefused`` when it cannot.
    """

    def wait_for_claimable(self, seconds: float, bus: bool = False) -> bool:
        """Return whether there is a delivery to claim, as soon as there is one within ``seconds``.

        The API may answer earlier that there is none.

        :param bus: whether deliveries to the bus count.
        """
        return self._wait(PATH, seconds, **({"bus": "true"} if bus else {}))

    def claim(
        self,
        claimed_by: str,
        count: int,
        seconds: float,
        per_webhook: int,
        per_tenant: int,
        busy: Collection[str] = (),
        busy_tenants: Collection[int] = (),
        bus: bool = False,
    ) -> list[Any]:
        """Claim up to ``count`` due deliveries for ``seconds``; return them.

        :param per_webhook: the most deliveries of one webhook.
        :param per_tenant: the most deliveries of one project at one receiver.
        :param busy: uuids of webhooks of which none is claimed.
        :param busy_tenants: numbers of projects at receivers of which none is claimed.
        :param bus: claim deliveries to the bus, too; events are written for it from then on.
        """
        body = {
            "claimed_by": claimed_by,
            "count": count,
            "lease": seconds,
            "per_webhook": per_webhook,
            "per_tenant": per_tenant,
            "busy": sorted(busy)[:LARGEST_UPDATE],
            "busy_tenants": sorted(busy_tenants)[:LARGEST_UPDATE],
            "bus": bus,
        }
        return self._request("POST", PATH, body)["objects"]

    def renew(
        self, claimed_by: str, held: Sequence[Entry], seconds: float, timeout: float | None = None
    ) -> list[int]:
        """Extend leases by ``seconds`` from now; return the ids of those that were lost."""
        lost = []
        for begin in range(0, len(held), LARGEST_UPDATE):
            some = held[begin : begin + LARGEST_UPDATE]
            body = {"claimed_by": claimed_by, "renew": some, "lease": seconds}
            lost += self._request("PUT", PATH, body, timeout=timeout)["lost"]
        return lost

    def report(
        self,
        claimed_by: str,
        delivered: Sequence[Entry] = (),
        failed: Sequence[Entry] = (),
        released: Sequence[Entry] = (),
        timeout: float | None = None,
    ) -> list[int]:
        """End leases; return the ids of those that were lost: nothing was recorded of them.

        At most LARGEST_UPDATE of each kind.
        """
        body = {
            "claimed_by": claimed_by,
            "delivered": list(delivered),
            "failed": list(failed),
            "release": list(released),
        }
        return self._request("PUT", PATH, body, timeout=timeout)["lost"]
