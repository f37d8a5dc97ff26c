# SPDX-License-Identifier: Apache-2.0
"""What a notifier asks for in a claim of deliveries, and what is chosen for it so far."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Row

from faafo.db import tenants
from faafo.db.event_models import Webhook


@dataclass(frozen=True)
class Wanted:
    """What a notifier asks for.

    :param count: the most deliveries in all.
    :param per_webhook: the most deliveries of one webhook.
    :param per_tenant: the most deliveries of one tenant: those of a project at one receiver.
    :param busy: uuids of webhooks of which it takes none now.
    :param busy_tenants: tenants of which it takes none now.
    :param bus: whether it takes deliveries to the bus.
    """

    count: int
    per_webhook: int
    per_tenant: int
    busy: Collection[str] = ()
    busy_tenants: Collection[int] = ()
    bus: bool = False


@dataclass
class Choice:
    """What a claim has found so far: ``ids`` are those of deliveries."""

    wanted: Wanted
    passed_over: set[int]
    passed_tenants: set[int]
    ids: list[int] = field(default_factory=list)
    webhooks: dict[int | None, Webhook] = field(default_factory=dict)
    _of_webhook: Counter[int] = field(default_factory=Counter)
    _of_tenant: Counter[int] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """How many more are to be chosen."""
        return self.wanted.count - len(self.ids)

    def add(self, delivery: Row) -> None:
        """Choose a delivery to an enabled webhook, unless there are enough of it or its tenant."""
        tenant = self.tenant(delivery)
        is_enough = delivery.webhook_id in self.passed_over or tenant in self.passed_tenants
        if is_enough or not self.left:
            return
        self.ids.append(delivery.id)
        self._of_tenant[tenant] += 1
        if self._of_tenant[tenant] >= self.wanted.per_tenant:
            self.passed_tenants.add(tenant)
        self._of_webhook[delivery.webhook_id] += 1
        if self._of_webhook[delivery.webhook_id] >= self.wanted.per_webhook:
            self.passed_over.add(delivery.webhook_id)

    def tenant(self, delivery: Row) -> int:
        """Return the tenant of a delivery to a webhook that is known."""
        webhook = self.webhooks[delivery.webhook_id]
        return delivery.tenant or tenants.tenant_of(webhook.project_id, webhook.url)
