# SPDX-License-Identifier: Apache-2.0
"""The roles that rules are made of, and how a rule is written."""

from oslo_policy.policy import DocumentedRuleDefault, RuleDefault

# Keystone's roles imply each other in this order; http_basic grants them so, too.
ADMIN = "rule:admin"
MEMBER = "rule:member"
READER = "rule:reader"
SERVICE = "rule:service"
MONITORING = "rule:monitoring"
# Producers post what they generate, and look at it.
MEMBER_OR_SERVICE = f"{MEMBER} or {SERVICE}"
READER_OR_SERVICE = f"{READER} or {SERVICE}"

rules = [
    RuleDefault("admin", "role:admin", "Administrators."),
    RuleDefault("member", "rule:admin or role:member", "Who may change things in a project."),
    RuleDefault("reader", "rule:member or role:reader", "Who may look at a project."),
    RuleDefault("service", "rule:admin or role:service", "Producers and workers."),
    RuleDefault("monitoring", "rule:service or role:monitoring", "What watches and scales."),
]


def rule(name: str, check: str, description: str, *operations: str) -> DocumentedRuleDefault:
    """Return a rule for tokens with a project.

    :param name: ``<noun>:<verb>``.
    :param operations: such as "GET /api/fractal".
    """
    parts = [operation.split(" ") for operation in operations]
    return DocumentedRuleDefault(
        name,
        check,
        description,
        [{"method": method, "path": path} for method, path in parts],
        scope_types=["project"],
    )
