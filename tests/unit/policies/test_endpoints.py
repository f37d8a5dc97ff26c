# SPDX-License-Identifier: Apache-2.0
"""The rules: every route has one, and each rule names the routes that it is about."""

import re
from pathlib import Path

from faafo.policies.endpoints import PUBLIC, RULES
from faafo.policies.rules import list_rules

OWN = {"HEAD", "OPTIONS"}


def routes(app):
    """Return endpoint, method and path of all routes, that of v1 excepted."""
    found = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        if not path.startswith("/v1/"):
            found |= {(rule.endpoint, f"{method} {path}") for method in rule.methods - OWN}
    return found


def test_every_endpoint_has_a_rule_or_is_public(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == RULES.keys() | PUBLIC
    assert not RULES.keys() & PUBLIC


def test_each_rule_documents_the_routes_that_ask_for_it(app):
    for rule in list_rules():
        operations = {f"{one['method']} {one['path']}" for one in getattr(rule, "operations", [])}
        asking = {route for endpoint, route in routes(app) if RULES.get(endpoint) == rule.name}
        assert operations == asking, rule.name


def test_each_rule_that_an_endpoint_asks_for_is_about_projects():
    rules = {rule.name: rule for rule in list_rules()}
    for name in RULES.values():
        assert rules[name].scope_types == ["project"], name
        assert rules[name].description.endswith("."), name


def test_nothing_that_changes_or_shows_data_is_public_but_logging_in_and_out(app):
    for endpoint, route in routes(app):
        if endpoint in PUBLIC and not endpoint.startswith(("login.", "token.")):
            assert route.startswith("GET "), route
            assert "{uuid}" not in route


def test_the_sample_file_has_all_rules():
    sample = (Path(__file__).parents[3] / "etc/faafo/policy.yaml.sample").read_text()
    for rule in list_rules():
        assert f'\n#"{rule.name}": "{rule.check_str}"\n' in f"\n{sample}", "run make genconfig"
