# SPDX-License-Identifier: Apache-2.0
"""Places: which of the claimed deliveries are made now, so that no receiver holds up the others."""

import threading
from collections import Counter
from collections.abc import Iterable

from faafo.notifier.delivery import Delivery

# The part of all places that one project has at one receiver.
SHARE = 4
# Claimed deliveries without a place, at most: a lease of each is renewed.
MOST_WAITING = 1000
# Receivers that are remembered because they hang; another one is found out once more.
MOST_HANGING = 1000


class Places:
    """Counts the deliveries that are made; may be shared by threads.

    At most ``per_webhook`` deliveries of a webhook have a place. A project may have many webhooks,
    and each URL of callbacks is one, so all of a project at one receiver share a quarter of the
    places. Once that receiver has let one run into its timeout they have one place, until it has
    answered again, and what would have to wait for it is given up, to be tried again later.

    :param most: number of places.
    """

    def __init__(self, most: int, per_webhook: int) -> None:
        self._most = most
        self.per_webhook = per_webhook
        self.per_tenant = max(per_webhook, most // SHARE)
        self._changed = threading.Condition()
        self._waiting: dict[tuple[int, int], Delivery] = {}
        self._running: dict[tuple[int, int], Delivery] = {}
        # Of those that run.
        self._webhooks: Counter[str] = Counter()
        self._tenants: Counter[int | None] = Counter()
        # Those that did not answer the last one, the latest last.
        self._hanging: dict[int | None, None] = {}

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Have claimed deliveries wait for places."""
        with self._changed:
            self._waiting |= {one.lease: one for one in deliveries}

    def discard(self, leases: Iterable[tuple[int, int]]) -> None:
        """Forget those that wait: somebody else has their leases."""
        with self._changed:
            for lease in leases:
                self._waiting.pop(lease, None)

    def take(self) -> tuple[list[Delivery], list[Delivery]]:
        """Give free places to deliveries that wait, the first ones first.

        :returns: those that have a place from now on, and those that are given up.
        """
        given, given_up = [], []
        with self._changed:
            for delivery in list(self._waiting.values()):
                if self._may_run(delivery):
                    self._begin(delivery)
                    given.append(delivery)
                elif delivery.tenant in self._hanging and self._tenants[delivery.tenant]:
                    given_up.append(self._waiting.pop(delivery.lease))
        return given, given_up

    def end(self, delivery: Delivery, timed_out: bool) -> None:
        """Free the place of a delivery."""
        with self._changed:
            tenant = delivery.tenant
            self._running.pop(delivery.lease, None)
            self._forget(self._tenants, tenant)
            if delivery.webhook is not None:
                self._forget(self._webhooks, delivery.webhook.uuid)
            self._hanging.pop(tenant, None)
            if timed_out:
                self._hanging[tenant] = None
                if len(self._hanging) > MOST_HANGING:
                    del self._hanging[next(iter(self._hanging))]
            self._changed.notify_all()

    def wanted(self) -> int:
        """Return how many deliveries to claim."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                return 0
            return self._most - len(self._running)

    def busy(self) -> set[str]:
        """Return the webhooks of which no more are to be claimed."""
        with self._changed:
            count = Counter(one.webhook.uuid for one in self._held() if one.webhook is not None)
            return {uuid for uuid, number in count.items() if number >= self.per_webhook}

    def busy_tenants(self) -> set[int]:
        """Return the tenants of which no more are to be claimed."""
        with self._changed:
            count = Counter(one.tenant for one in self._held() if one.tenant is not None)
            return {tenant for tenant, number in count.items() if number >= self.per_tenant}

    def close(self) -> list[Delivery]:
        """Return those that wait, and have none wait any more."""
        with self._changed:
            waiting = list(self._waiting.values())
            self._waiting.clear()
            return waiting

    def wait_until_idle(self, seconds: float) -> bool:
        """Return whether no place is taken, within ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, seconds)

    def _held(self) -> list[Delivery]:
        return [*self._running.values(), *self._waiting.values()]

    def _may_run(self, delivery: Delivery) -> bool:
        share = 1 if delivery.tenant in self._hanging else self.per_tenant
        return (
            len(self._running) < self._most
            and self._tenants[delivery.tenant] < share
            and (
                delivery.webhook is None or self._webhooks[delivery.webhook.uuid] < self.per_webhook
            )
        )

    def _begin(self, delivery: Delivery) -> None:
        self._running[delivery.lease] = self._waiting.pop(delivery.lease)
        self._tenants[delivery.tenant] += 1
        if delivery.webhook is not None:
            self._webhooks[delivery.webhook.uuid] += 1

    @staticmethod
    def _forget(counter: Counter, name: object) -> None:
        counter[name] -= 1
        if counter[name] <= 0:
            del counter[name]
