# SPDX-License-Identifier: Apache-2.0
"""The rules, the dashboard and the configuration of Prometheus know the metrics that there are."""

import json
import re
from pathlib import Path

import pytest
import yaml

from faafo.metrics.catalogue import ROLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "doc/source/admin/metrics.rst").read_text()
(GROUP,) = yaml.safe_load((ROOT / "etc/prometheus/faafo-alerts.yaml").read_text())["groups"]
RULES = {one["alert"]: one for one in GROUP["rules"]}
DASHBOARD = json.loads((ROOT / "etc/grafana/faafo.json").read_text())
PANELS = {one["title"]: one for one in DASHBOARD["panels"] if one["type"] != "row"}
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
JOBS = [f"faafo-{role}" for role in ROLES]


def known() -> set[str]:
    """Return the names of all series."""
    names = {"faafo_build_info"}
    for one in (one for role in ROLES.values() for one in role):
        suffixes = ("_bucket", "_count", "_sum") if one.kind == "histogram" else ("",)
        names |= {one.name + suffix for suffix in suffixes}
    return names


def named(text: str) -> set[str]:
    return set(re.findall(r"\bfaafo_\w+", text))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_about_metrics_and_has_a_line_in_the_runbook(name):
    rule = RULES[name]
    assert named(rule["expr"]) <= known()
    assert rule["labels"]["severity"] in ("critical", "warning")
    notes = rule["annotations"]
    row = f"   * - ``{name}``\n     - {rule['labels']['severity']}\n     - {notes['runbook']}\n"
    assert row in PAGE


@pytest.mark.parametrize("title", PANELS)
def test_a_panel_is_about_metrics(title):
    shown = [target["expr"] for target in PANELS[title]["targets"]]
    assert shown
    assert all(named(one) <= known() for one in shown)


def test_every_metric_is_on_the_dashboard():
    shown = named(json.dumps(DASHBOARD))
    for one in (one for role in ROLES.values() for one in role):
        assert any(name.startswith(one.name) for name in shown), one.name


@pytest.mark.parametrize("path", ["etc/prometheus/", "container/monitoring/"])
def test_prometheus_asks_every_role(path):
    config = yaml.safe_load((ROOT / path / "prometheus.yml").read_text())
    assert [one["job_name"] for one in config["scrape_configs"]] == JOBS
    assert config["rule_files"] == ["faafo-alerts.yaml"]


def test_compose_watches_metrics_on_request_only():
    for name in ("prometheus", "grafana"):
        assert SERVICES[name]["profiles"] == ["monitoring"]
        files = [one.split(":")[0] for one in SERVICES[name]["volumes"] if one.startswith("./")]
        assert all((ROOT / one).is_file() for one in files)
    for role in ROLES:
        assert SERVICES[role]["environment"]["OS_METRICS__BIND"] == "${FAAFO_METRICS_BIND:-}"
    given = (ROOT / "container/monitoring.env").read_text().splitlines()
    assert given[1:] == ["COMPOSE_PROFILES=monitoring", "FAAFO_METRICS_BIND=0.0.0.0:9464"]
