# SPDX-License-Identifier: Apache-2.0
"""The operator's rules for webhooks: where they may lead, how often they are tried."""

from collections.abc import Sequence

from oslo_config import cfg

from faafo import egress, errors
from faafo.db.delivery_reports import LATEST, RetrySchedule
from faafo.db.pace import Pace


def check_retention(retention: float, schedule: Sequence[float]) -> None:
    """Check that events are kept until the last attempt at their deliveries.

    :raises faafo.errors.ConfigurationError: otherwise; names the options.
    """
    longest = sum(schedule) * LATEST
    if retention < longest:
        raise errors.ConfigurationError(
            f"[events] retention = {retention:.0f}: must be at least {longest:.0f} "
            "seconds, since [webhook] retry_schedule takes as long"
        )


class Receivers:
    """What group ``[webhook]`` says, and how often what concerns all deliveries is done.

    :raises faafo.errors.ConfigurationError: when events would be purged before the last attempt.

    ``renewals`` are those of the subscription of the bus, ``purges`` those of old events.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        check_retention(conf.events.retention, conf.webhook.retry_schedule)
        self.renewals = Pace(60.0)
        self.purges = Pace(5.0)

    @property
    def schedule(self) -> RetrySchedule:
        """When failed deliveries are tried again."""
        return RetrySchedule(self._conf.webhook.retry_schedule)

    @property
    def retention(self) -> float:
        """The seconds for which events are kept."""
        return self._conf.events.retention

    def checked(self, field: str, url: str) -> str:
        """Return ``url`` in ASCII if a webhook may lead there, as far as that is seen without DNS.

        :raises faafo.errors.InvalidWebhook: otherwise; names the field.
        """
        try:
            egress.check_url(url, self._conf.webhook.egress_allowed)
            return url if url.isascii() else egress.receiver_of(url).url
        except ValueError as error:
            raise errors.InvalidWebhook(f"{field}: {error}") from None
