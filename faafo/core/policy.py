# SPDX-License-Identifier: Apache-2.0
"""What views ask whether a request may do something."""

from typing import Protocol

from faafo.core.context import RequestContext

# With noauth everybody has all of them.
ROLES = ("admin", "member", "reader", "service")


class Policy(Protocol):
    """Decides by rules: ``faafo.auth.policy.Policy``, or ``Everything`` with noauth."""

    def allows(self, rule: str, who: RequestContext) -> bool: ...


class Everything:
    """Allows everybody everything."""

    def allows(self, rule: str, who: RequestContext) -> bool:
        """Return True."""
        return True
