# SPDX-License-Identifier: Apache-2.0
"""The policy: rules in code, changed by the operator's policy file."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import yaml
from oslo_config import cfg
from oslo_policy.policy import Enforcer, InvalidDefinitionError, RuleDefault

from faafo import errors
from faafo.auth.watched import WatchedFile
from faafo.core.context import RequestContext
from faafo.policies.rules import list_rules

OPTION = "[oslo_policy] policy_file"
DEFAULT_FILE = "policy.yaml"
# A check that is refused to everybody, within a rule.
REFUSED = re.compile(r"(?<![^\s()])!(?![^\s()])")
REFERENCE = re.compile(r"\brule:([\w:.-]+)")
# A request would wait for another server.
REMOTE = ("http:", "https:")
# Decisions that are kept: a check takes 100 microseconds.
DECISIONS = 4096


class Policy:
    """Decides by rules; a policy file may replace some of them while the API runs.

    :raises faafo.errors.ConfigurationError: when the file is missing, though configured, or broken.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._defaults = Rules({})
        path = _path_of(conf)
        self._file = WatchedFile(OPTION, path, parse) if path else None

    def allows(self, rule: str, who: RequestContext) -> bool:
        """Tell whether ``rule`` allows a request of ``who``."""
        rules = self._file.value if self._file else self._defaults
        return rules.allow(rule, who.user_id, who.project_id, tuple(who.roles))


class Rules:
    """The default rules, some replaced by ``checks``; they never change.

    :raises ValueError: when one refers to a rule that there is not, or to itself.
    """

    def __init__(self, checks: dict[str, Any]) -> None:
        # It reads no file itself: an invalid one would fail requests.
        self._enforcer = Enforcer(cfg.ConfigOpts(), policy_file="", use_conf=False)
        defaults = list_rules()
        self._enforcer.register_defaults(defaults)
        self._enforcer.set_rules({rule.name: rule.check for rule in defaults} | checks)
        try:
            self._enforcer.check_rules(raise_on_violation=True)
        except InvalidDefinitionError:
            raise ValueError(self._undefined(checks) or "a rule refers to itself") from None
        self.allow = functools.lru_cache(DECISIONS)(self._allow)

    def _allow(
        self, rule: str, user_id: str | None, project_id: str | None, roles: tuple[str, ...]
    ) -> bool:
        who = {"user_id": user_id, "project_id": project_id, "roles": list(roles)}
        return bool(self._enforcer.authorize(rule, {}, who))

    def _undefined(self, checks: dict[str, Any]) -> str | None:
        for name, check in checks.items():
            for other in REFERENCE.findall(str(check)):
                if other not in self._enforcer.rules:
                    return f"{name}: there is no rule {other!r:.60}"
        return None


def parse(text: str) -> Rules:
    """Return the rules in a policy file, and the default ones beside them.

    :raises ValueError: when it is no mapping of known rules to checks.
    """
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(_sentence(error)) from None
    if found is None:
        found = {}
    if not isinstance(found, dict):
        raise ValueError("must hold one rule a line, name: check")
    _refuse_unknown(found)
    return Rules({name: _check(name, check) for name, check in found.items()})


def _path_of(conf: cfg.ConfigOpts) -> str | None:
    name = conf.oslo_policy.policy_file
    path: str | None = conf.find_file(name)
    if path is None and name != DEFAULT_FILE:
        raise errors.ConfigurationError(f"{OPTION} = {name}: No such file or directory")
    return path


def _refuse_unknown(found: dict[Any, Any]) -> None:
    """Refuse a name that nothing asks for: a typing error would leave a rule as it was."""
    known = {rule.name for rule in list_rules()}
    known |= {name for check in found.values() for name in REFERENCE.findall(str(check))}
    for name in found:
        if name not in known:
            raise ValueError(f"there is no rule {name!r:.60}")


def _check(name: str, check: Any) -> Any:
    if not isinstance(check, str):
        raise ValueError(f"{name}: must be a string, not {check!r:.60}")
    parsed = RuleDefault(name, check).check
    leaves = list(_leaves(parsed))
    # oslo.policy takes what it does not understand as a refusal.
    if leaves.count("!") != len(REFUSED.findall(check)):
        raise ValueError(f"{name}: is not a check: {check!r:.100}")
    if any(leaf.startswith(REMOTE) for leaf in leaves):
        raise ValueError(f"{name}: another server cannot be asked: {check!r:.100}")
    return parsed


def _leaves(check: Any) -> Iterator[str]:
    """Yield the simple checks within ``check``, which joins them by and, or, not."""
    inner = [*getattr(check, "rules", ()), *filter(None, [getattr(check, "rule", None)])]
    if not inner:
        yield str(check)
    for one in inner:
        yield from _leaves(one)


def _sentence(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}{getattr(error, 'problem', None) or 'is not YAML'}"
