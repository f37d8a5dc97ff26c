# SPDX-License-Identifier: Apache-2.0
"""The policy file: what it changes, and what is refused."""

import re

import pytest

from faafo import errors
from faafo.auth.policy import Policy, parse
from faafo.core.context import RequestContext

READER = ("reader",)
MEMBER = ("member", "reader")
SERVICE = ("service",)
ADMIN = ("admin", "member", "reader")

DEFAULTS = {
    "service:report": (SERVICE, ADMIN),
    "service:delete": (ADMIN,),
    "fractal:list": (READER, MEMBER, SERVICE, ADMIN),
    "fractal:get": (READER, MEMBER, SERVICE, ADMIN),
    "fractal:create": (MEMBER, SERVICE, ADMIN),
    "fractal:report": (SERVICE, ADMIN),
    "fractal:retry": (MEMBER, ADMIN),
    "fractal:delete": (MEMBER, ADMIN),
    "image:get": (READER, MEMBER, SERVICE, ADMIN),
    "image:upload": (SERVICE, ADMIN),
    "claim:get": (SERVICE, ADMIN),
    "claim:create": (SERVICE, ADMIN),
    "claim:update": (SERVICE, ADMIN),
    "tile:get": (READER, MEMBER, ADMIN),
    "health:get_store": (READER, MEMBER, SERVICE, ADMIN),
}


def who(roles) -> RequestContext:
    return RequestContext(user_id="u", project_id="p", roles=roles)


@pytest.mark.parametrize("rule", DEFAULTS)
def test_the_defaults_by_role(conf, rule):
    policy = Policy(conf)
    for roles in (READER, MEMBER, SERVICE, ADMIN, (), ("stranger",)):
        assert policy.allows(rule, who(roles)) == (roles in DEFAULTS[rule]), roles


def allowed(text, rule, roles) -> bool:
    return parse(text).allow(rule, "u", "p", roles)


def test_a_rule_of_the_file_takes_the_place_of_the_default_one():
    text = "'fractal:create': 'role:painter'\n"
    assert allowed(text, "fractal:create", ("painter",))
    assert not allowed(text, "fractal:create", ADMIN)
    assert allowed(text, "fractal:delete", MEMBER)


def test_a_rule_may_refer_to_another_one_of_the_file():
    text = "painter: 'role:painter'\n'fractal:create': 'rule:painter or rule:admin'\n"
    assert allowed(text, "fractal:create", ("painter",))
    assert allowed("reader: 'role:guest'\n", "fractal:list", ("guest",))


@pytest.mark.parametrize("text", ["", "# nothing\n", "'fractal:list': '(not role:x) or @'"])
def test_a_file_that_is_taken(text):
    assert allowed(text, "fractal:list", READER)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "line 1: "),
        ("'fractal:list': 'role:a'\n  b: c\n", "line 2: "),
        ("just text", "one rule a line"),
        ("- role:x", "one rule a line"),
        ("'fractal:craete': 'role:x'", "there is no rule 'fractal:craete'"),
        ("mine: 'role:x'", "there is no rule 'mine'"),
        ("5: 'role:x'", "there is no rule 5"),
        ("'fractal:list': 5", "fractal:list: must be a string, not 5"),
        ("'fractal:list': ['role:a']", "fractal:list: must be a string"),
        ("'fractal:list': 'reader'", "fractal:list: is not a check: 'reader'"),
        ("'fractal:list': 'role:a or nonsense'", "fractal:list: is not a check"),
        ("'fractal:list': 'role:a role:b'", "fractal:list: is not a check"),
        ("'fractal:list': '(role:a'", "fractal:list: is not a check"),
        ("'fractal:list': 'rule:nobody'", "fractal:list: there is no rule 'nobody'"),
        ("'fractal:list': 'rule:fractal:list'", "a rule refers to itself"),
        ("'fractal:list': 'http://127.0.0.1:1/%(x)s'", "another server cannot be asked"),
    ],
)
def test_a_file_that_is_refused(text, problem):
    with pytest.raises(ValueError, match=re.escape(problem)) as refused:
        parse(text)
    assert "\n" not in str(refused.value)


def test_a_configured_file_that_is_missing_or_broken_stops_the_start(conf, tmp_path):
    path = tmp_path / "policy.yaml"
    conf.set_override("policy_file", str(path), group="oslo_policy")
    with pytest.raises(errors.ConfigurationError, match="policy_file = .*No such file"):
        Policy(conf)
    path.write_text("'fractal:craete': '@'")
    with pytest.raises(errors.ConfigurationError, match=r"policy_file = .*there is no rule"):
        Policy(conf)
