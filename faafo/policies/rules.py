# SPDX-License-Identifier: Apache-2.0
"""All rules."""

from itertools import chain

from oslo_policy.policy import RuleDefault

from faafo.policies import (
    backlog,
    base,
    claim,
    collection,
    delivery,
    event,
    fractal,
    health,
    image,
    job,
    lock,
    maintenance,
    quota,
    service,
    setting,
    tile,
    webhook,
)


def list_rules() -> list[RuleDefault]:
    """Return all rules, for the enforcer, and for oslo.policy's generators."""
    modules = (
        *(
            base,
            fractal,
            job,
            event,
            image,
            collection,
            webhook,
            claim,
            delivery,
            tile,
            quota,
            service,
            backlog,
            lock,
            setting,
            maintenance,
            health,
        ),
    )
    return list(chain.from_iterable(module.rules for module in modules))
