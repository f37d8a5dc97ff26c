# SPDX-License-Identifier: Apache-2.0
"""The pace of a producer in tests."""

from types import SimpleNamespace

from faafo.producer.pace import Pace


def pace_of(claim_interval, lease_duration, renew_interval, drain_timeout=60.0):
    """Return a pace with these options, in seconds."""
    options = SimpleNamespace(
        claim_interval=claim_interval,
        lease_duration=lease_duration,
        renew_interval=renew_interval,
        drain_timeout=drain_timeout,
    )
    return Pace(options)
