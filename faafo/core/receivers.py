# SPDX-License-Identifier: Apache-2.0
"""The operator's rules for webhooks: where they may lead, how often they are tried."""

from oslo_config import cfg

from faafo import egress, errors
from faafo.db.delivery_reports import RetrySchedule
from faafo.db.pace import Pace


class Receivers:
    """What group ``[webhook]`` says, and how often what concerns all deliveries is done.

    ``renewals`` are those of the subscription of the bus, ``purges`` those of old events.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self.renewals = Pace(60.0)
        self.purges = Pace(10.0)

    @property
    def schedule(self) -> RetrySchedule:
        """When failed deliveries are tried again."""
        return RetrySchedule(self._conf.webhook.retry_schedule)

    @property
    def retention(self) -> float:
        """The seconds for which events are kept."""
        return self._conf.events.retention

    def check(self, field: str, url: str) -> None:
        """Check that a webhook may lead to ``url``, as far as that can be seen without asking DNS.

        :raises faafo.errors.InvalidWebhook: otherwise; names the field.
        """
        try:
            egress.check_url(url, self._conf.webhook.egress_allowed)
        except ValueError as error:
            raise errors.InvalidWebhook(f"{field}: {error}") from None
