# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus for the tests, which asks services and checks rules every 0.5 s."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.functional.servers import ADDRESS, Family, free_ports

# Also what a service has to answer, on a machine that may be busy.
INTERVAL = "500ms"


class Prometheus(Family):
    """Scrapes ``targets``, ports by job, and evaluates ``rules``."""

    PROGRAMS = ("prometheus", "promtool")
    PACKAGE = "prometheus"
    PATH = ("/usr/bin", "/usr/local/bin")

    def __init__(self, targets: Mapping[str, int], rules: str) -> None:
        super().__init__()
        self._targets = targets
        self._rules = rules

    def _setUp(self) -> None:  # noqa: N802 - the name is pifpaf's
        super()._setUp()
        root = Path(self.tempdir)
        (root / "rules.yaml").write_text(self._rules)
        config = {
            "global": dict.fromkeys(("scrape_interval", "evaluation_interval"), INTERVAL),
            "rule_files": ["rules.yaml"],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [f"{ADDRESS}:{port}"]}]}
                for job, port in self._targets.items()
            ],
        }
        config["global"]["scrape_timeout"] = INTERVAL
        (root / "prometheus.yml").write_text(yaml.safe_dump(config))
        (port,) = free_ports(1)
        self._url = f"http://{ADDRESS}:{port}"
        self._run_server(
            "prometheus",
            f"--config.file={root / 'prometheus.yml'}",
            f"--storage.tsdb.path={root / 'data'}",
            f"--web.listen-address={ADDRESS}:{port}",
        )
        self._wait_for_ports(port)

    def labels(self, query: str, *names: str) -> set[tuple[str, ...]]:
        """Return the values of the labels ``names`` in each series that ``query`` finds."""
        return {tuple(one["metric"].get(name, "") for name in names) for one in self._query(query)}

    def _query(self, query: str) -> list[dict[str, Any]]:
        answer = requests.get(f"{self._url}/api/v1/query", params={"query": query}, timeout=60)
        # It answers 503 until it is ready.
        return answer.json()["data"]["result"] if answer.ok else []

    def knows(self, query: str) -> bool:
        """Return whether it can read ``query``, and finds something."""
        return bool(self._query(query))

    def fired(self) -> set[str]:
        """Return the names of the alerts that have fired since the start."""
        query = 'max_over_time(ALERTS{alertstate="firing"}[1h])'
        return {name for (name,) in self.labels(query, "alertname")}
