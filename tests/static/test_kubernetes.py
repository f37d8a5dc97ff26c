# SPDX-License-Identifier: Apache-2.0
"""The manifests of Kubernetes, as kustomize makes them."""

import configparser
import copy
import os
import re
import textwrap
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as prometheus
from oslo_config import cfg

from faafo import conf as options
from faafo import logs
from faafo.api.backlog import BacklogQuery, BacklogRecord
from faafo.app.server import LARGEST_UPLOADS
from faafo.auth import keystone as validation
from faafo.client import keystone
from faafo.core.bulkhead import Bulkheads
from faafo.fractal.kinds import Need, TaskKind
from faafo.policies.endpoints import PUBLIC
from faafo.rpc.transport import get_transport
from tests.static.kustomize import ROOT, Kustomize, find_kubectl
from tests.static.manifests import Document, Site, problems

OVERLAYS = ("keda", "keystone", "monitoring", "s3", "trial")
VARIANTS = ("base", *OVERLAYS)
# What whoever applies the manifests makes: see the page "Kubernetes".
SECRETS = frozenset(
    f"faafo-{one}"
    for one in (
        *("database", "broker", "redis", "users", "service", "keystone", "scaler", "store", "tls"),
    )
)
SCHEMAS = "1.34"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Of Debian, and of the images of the servers.
COMMANDS = {"sleep", "healthcheck.sh", "rabbitmq-diagnostics"}
ROLES = ("api", "producer", "worker", "notifier", "reader")
DOCUMENTATION = ROOT / "doc/source/install/kubernetes.rst"
# Seconds beyond what a service needs to drain.
MARGIN = 30


@pytest.fixture(scope="session")
def kustomize(tmp_path_factory: pytest.TempPathFactory) -> Kustomize:
    kubectl = find_kubectl()
    if kubectl is None:
        message = "there is no kubectl: run tools/install-kubectl .venv/bin"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    return Kustomize(tmp_path_factory.mktemp("manifests"), kubectl)


@pytest.fixture(scope="session")
def manifests(kustomize: Kustomize) -> dict[str, list[Document]]:
    """What kustomize makes of base and of each overlay."""
    return {name: kustomize.make(name) for name in VARIANTS}


@pytest.fixture
def conf() -> cfg.ConfigOpts:
    """All options of faafo with their defaults."""
    conf = cfg.ConfigOpts()
    options.register_opts(conf)
    logs.register_opts(conf)
    conf([], project="faafo", default_config_files=[])
    get_transport(conf, default_url="fake://")
    return conf


def known_options(conf: cfg.ConfigOpts) -> set[tuple[str, str]]:
    known = {("DEFAULT", name) for name in conf}
    groups = [*options.list_opts(), *keystone.list_opts(), *validation.list_opts()]
    known |= {(group or "DEFAULT", opt.dest) for group, opts in groups for opt in opts}
    # Plugins of keystoneauth have the same options there.
    return known | {
        ("keystone_authtoken", opt.dest) for _group, opts in keystone.list_opts() for opt in opts
    }


def configuration(documents: list[Document]) -> configparser.ConfigParser:
    """Return what the services read: later files win."""
    parser = configparser.ConfigParser(default_section="none")
    for _name, text in sorted(Site(documents).names["ConfigMap", "faafo"]["data"].items()):
        parser.read_string(text)
    return parser


def deployments(documents: list[Document]) -> dict[str, Any]:
    return {
        one["metadata"]["name"]: one["spec"] for one in documents if one["kind"] == "Deployment"
    }


def containers(documents: list[Document]) -> list[Any]:
    return [one for pod in Site(documents).pods.values() for one in pod["containers"]]


def test_every_manifest_keeps_to_its_schema(manifests):
    unknown = set()
    for documents in manifests.values():
        for one in documents:
            try:
                kubernetes_validate.validate(one, SCHEMAS, strict=True)
            except kubernetes_validate.SchemaNotFoundError:
                unknown.add(one["kind"])
    assert unknown == {"ScaledObject", "TriggerAuthentication", "PodMonitor", "PrometheusRule"}


@pytest.mark.parametrize("name", VARIANTS)
def test_what_is_applied_together_fits_together(manifests, name):
    given = frozenset() if name == "trial" else SECRETS
    assert problems(manifests[name], given) == []


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variable_and_every_line_of_the_files_is_an_option(manifests, conf, name):
    known = known_options(conf)
    for container in containers(manifests[name]):
        for one in container.get("env", ()):
            if one["name"].startswith("OS_"):
                group, _, option = one["name"].removeprefix("OS_").lower().partition("__")
                group = "DEFAULT" if group == "default" else group
                assert {(group, option), (group, option.removesuffix("_file"))} & known, one
    parser = configuration(manifests[name])
    in_files = {(group, option) for group in parser.sections() for option in parser[group]}
    assert in_files - known == set()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_service_may_finish_what_it_has_begun_and_is_replaced_first(manifests, conf, name):
    worker = configuration(manifests[name])["worker"]
    drains = {
        "api": 5,
        "producer": conf.producer.drain_timeout,
        "worker": float(worker["drain_timeout"]),
        "notifier": conf.notifier.drain_timeout,
        "reader": conf.reader.drain_timeout,
    }
    found = deployments(manifests[name])
    assert set(found) >= set(ROLES)
    for role, seconds in drains.items():
        pod = found[role]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] == seconds + MARGIN
        assert found[role]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert pod["containers"][0]["args"] == [role, "--config-dir", "/etc/faafo/conf.d"]
        assert pod["topologySpreadConstraints"]
        assert ("PodDisruptionBudget", role) in Site(manifests[name]).names


@pytest.mark.parametrize("name", VARIANTS)
def test_every_probe_asks_for_what_the_image_has(manifests, name):
    ours = set(re.findall(r"container/([\w-]+)", DOCKERFILE))
    public = {"/healthcheck": "health.get_health", "/v1": "version.get_version"}
    for container in containers(manifests[name]):
        asked = [container[one] for one in container if one.endswith("Probe")]
        asked += container.get("lifecycle", {}).values()
        for one in asked:
            if "exec" in one:
                assert one["exec"]["command"][0] in ours | COMMANDS
            elif "httpGet" in one:
                assert public[one["httpGet"]["path"]] in PUBLIC
            else:
                assert set(one) - {"periodSeconds", "failureThreshold"} == {"tcpSocket"}
    for role, one in deployments(manifests[name]).items():
        (container,) = one["template"]["spec"]["containers"]
        assert {"startupProbe", "readinessProbe"} <= container.keys(), role
        assert "livenessProbe" in container or role not in ROLES


def test_nothing_is_let_in_or_out_unless_it_is_named(manifests):
    policies = dict(Site(manifests["base"]).of("NetworkPolicy"))
    denied = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policies["NetworkPolicy default-deny"] == denied


ASKED_BY = {
    "Job migrate": {3306, 5432},
    "Deployment api": {3306, 5432, 5671, 5672, 6379},
    "Deployment producer": {5671, 5672},
    "Deployment worker": {5671, 5672},
    # Users choose where webhooks go: what it cannot reach they cannot.
    "Deployment notifier": {5671, 5672},
    "Deployment reader": {5671, 5672, 6379},
}


def test_each_service_reaches_the_servers_that_it_uses_and_no_other(manifests):
    site = Site(manifests["base"])
    assert {name: site.reached(name) for name in site.pods} == ASKED_BY
    keystone = {443, 5000}
    site = Site(manifests["keystone"])
    assert site.reached("Deployment api") == ASKED_BY["Deployment api"] | keystone | {11211}
    assert site.reached("Deployment notifier") == ASKED_BY["Deployment notifier"] | keystone
    assert site.reached("Job migrate") == ASKED_BY["Job migrate"]


def test_an_object_store_needs_no_volume_and_is_reached_by_those_that_use_it(manifests):
    documents = manifests["s3"]
    site = Site(documents)
    assert list(site.of("PersistentVolumeClaim")) == []
    stored = configuration(documents)["store"]["url"]
    assert urlsplit(stored).scheme == "s3"
    for name, pod in site.pods.items():
        variables = {one["name"]: one["value"] for one in pod["containers"][0]["env"]}
        # It would win over the file.
        assert "OS_STORE__URL" not in variables
        uses = name in ("Deployment api", "Deployment worker")
        assert ("AWS_SHARED_CREDENTIALS_FILE" in variables) == uses
        assert (443 in site.reached(name)) == uses
        assert not [one for one in pod["volumes"] if "persistentVolumeClaim" in one]


def test_a_node_can_be_drained_while_nothing_is_ready(manifests):
    budgets = dict(Site(manifests["base"]).of("PodDisruptionBudget"))
    assert len(budgets) == len(ROLES)
    for name, spec in budgets.items():
        assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow", name


def test_the_api_has_room_for_the_uploads_that_it_accepts(manifests, conf):
    pod = deployments(manifests["base"])["api"]["template"]["spec"]
    bulkheads = Bulkheads.sized_by(conf.api.threads)
    # And as much again: thumbnails are made of pictures, too.
    uploads = 2 * bulkheads.uploads.places * conf.api.max_image_size
    assert size(pod["containers"][0]["resources"]["limits"]["memory"]) > uploads
    (temporary,) = (one["emptyDir"] for one in pod["volumes"] if one["name"] == "tmp")
    assert size(temporary["sizeLimit"]) > LARGEST_UPLOADS * conf.api.max_image_size


def size(text: str) -> int:
    """Return the number of bytes of a quantity of Kubernetes."""
    units = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    return int(text[:-2]) * units[text[-2:]]


def test_the_trial_pins_the_servers_of_compose(manifests):
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    found = deployments(manifests["trial"])
    for name in ("database", "broker", "redis"):
        image = found[name]["template"]["spec"]["containers"][0]["image"]
        assert image == compose[name]["image"]


def of_kind(documents: list[Document], kind: str) -> Document:
    (found,) = (one for one in documents if one["kind"] == kind)
    return found


def unknown_keys(given: Any, kept: Any, place: str = "") -> list[str]:
    """Return the keys of an object that its model has not kept."""
    if isinstance(given, dict):
        return [
            found
            for key, value in given.items()
            for found in (
                unknown_keys(value, kept[key], f"{place}.{key}")
                if isinstance(kept, dict) and key in kept
                else [f"{place}.{key}"]
            )
        ]
    if isinstance(given, list):
        pairs = zip(given, kept, strict=True)
        return [found for one, other in pairs for found in unknown_keys(one, other, place)]
    return []


OPERATORS = {
    **dict.fromkeys(("ScaledObject", "TriggerAuthentication"), ("keda", keda)),
    **dict.fromkeys(("PodMonitor", "PrometheusRule"), ("monitoring", prometheus)),
}


def refused(document: Document) -> list[str]:
    """Return the keys that an operator's models do not know; a wrong value raises an error."""
    _overlay, models = OPERATORS[document["kind"]]
    model = getattr(models, document["kind"]).model_validate(document)
    return unknown_keys(document, model.model_dump(by_alias=True, exclude_none=True, mode="json"))


@pytest.mark.parametrize("kind", OPERATORS)
def test_the_objects_of_operators_are_such(manifests, kind):
    assert refused(of_kind(manifests[OPERATORS[kind][0]], kind)) == []


@pytest.mark.parametrize(
    ("kind", "place", "key"),
    [
        ("ScaledObject", (), "trigers"),
        ("ScaledObject", ("fallback",), "failureTreshold"),
        (
            "ScaledObject",
            ("advanced", "horizontalPodAutoscalerConfig", "behavior", "scaleDown"),
            "stabilisation",
        ),
        ("PodMonitor", (), "podMetricsEndpoint"),
        ("PodMonitor", ("selector",), "matchLabel"),
        ("PodMonitor", ("podMetricsEndpoints", 0), "intervall"),
        ("PrometheusRule", ("groups", 0, "rules", 0), "fore"),
    ],
    ids=["keda", "fallback", "behaviour", "monitor", "selector", "endpoint", "rule"],
)
def test_a_misspelt_key_of_an_object_of_an_operator_is_refused(manifests, kind, place, key):
    document = copy.deepcopy(of_kind(manifests[OPERATORS[kind][0]], kind))
    inside = document["spec"]
    for one in place:
        inside = inside[one]
    inside[key] = 1
    assert [re.sub(r"\.\d+", "", one) for one in refused(document)] == [
        ".".join(("", "spec", *(one for one in place if isinstance(one, str)), key))
    ]


def test_keda_runs_a_worker_for_each_slot_that_is_missing(manifests):
    documents = manifests["keda"]
    spec = of_kind(documents, "ScaledObject")["spec"]
    assert "replicas" not in deployments(documents)["worker"]
    assert spec["scaleTargetRef"]["name"] == "worker"
    (trigger,) = spec["triggers"]
    metadata = trigger["metadata"]
    assert metadata["valueLocation"] in BacklogRecord.model_fields
    assert metadata["targetValue"] == configuration(documents)["worker"]["slots"]
    service = Site(documents).names["Service", "api"]
    port, namespace = service["spec"]["ports"][0]["port"], service["metadata"]["namespace"]
    url, _, query = metadata["url"].partition("?")
    assert url == f"http://api.{namespace}.svc.cluster.local:{port}/api/backlog"
    asked = BacklogQuery(**dict(parse_qsl(query, keep_blank_values=True)))
    # Workers without labels: more of them would not render what asks for one.
    assert "labels" not in configuration(documents)["worker"]
    assert all(asked.means(Need(kind)) for kind in TaskKind)
    assert not asked.means(Need(TaskKind.RENDER, "bigmem"))
    authentication = of_kind(documents, "TriggerAuthentication")
    assert trigger["authenticationRef"]["name"] == authentication["metadata"]["name"]
    named = {one["parameter"] for one in authentication["spec"]["secretTargetRef"]}
    assert named == {"username", "password"}
    assert {one["name"] for one in authentication["spec"]["secretTargetRef"]} <= SECRETS
    assert spec["fallback"]["replicas"] == deployments(manifests["base"])["worker"]["replicas"]


def test_prometheus_asks_all_services_and_knows_the_alerts(manifests):
    documents = manifests["monitoring"]
    site = Site(documents)
    spec = of_kind(documents, "PodMonitor")["spec"]
    asked = set(site.selected(spec["selector"]))
    assert asked == {f"Deployment {role}" for role in ROLES}
    for name in asked:
        (container,) = site.pods[name]["containers"]
        ports = {one["name"]: one["containerPort"] for one in container["ports"]}
        variables = {one["name"]: one["value"] for one in container["env"]}
        assert variables["OS_METRICS__BIND"] == f"0.0.0.0:{ports['metrics']}"
    alerts = yaml.safe_load((ROOT / "etc/prometheus/faafo-alerts.yaml").read_text())
    assert of_kind(documents, "PrometheusRule")["spec"] == alerts
    dashboard = site.names["ConfigMap", "faafo-dashboard"]
    assert dashboard["data"]["faafo.json"] == (ROOT / "etc/grafana/faafo.json").read_text()


def broken(documents: list[Document], change: Any) -> list[Document]:
    """Return manifests in which the API, or what is beside it, has been changed."""
    changed = copy.deepcopy(documents)
    change(Site(changed), deployments(changed)["api"]["template"]["spec"])
    return changed


def without_secret(site: Site, _pod: Any) -> None:
    site.documents.remove(site.names["Secret", "faafo-database"])


def with_tag(tag: str) -> Any:
    def change(_site: Site, pod: Any) -> None:
        pod["containers"][0]["image"] = f"faafo{tag}"

    return change


def with_root(_site: Site, pod: Any) -> None:
    del pod["securityContext"]["runAsUser"]


def with_sub_path(_site: Site, pod: Any) -> None:
    pod["containers"][0]["volumeMounts"][1]["subPath"] = "faafo.conf"


def with_other_label(site: Site, _pod: Any) -> None:
    site.names["Service", "api"]["spec"]["selector"]["app.kubernetes.io/component"] = "apis"


def without_key(site: Site, _pod: Any) -> None:
    del site.names["Secret", "faafo-redis"]["data"]["redis_url"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (without_secret, "Deployment api: there is no Secret faafo-database"),
        (with_tag(""), "Deployment api: the image faafo is not pinned: name a version"),
        (with_tag(":latest"), "Deployment api: the image faafo:latest is not pinned: name a"),
        (with_root, "Deployment api: may run as root"),
        (with_sub_path, "Deployment api: /etc/faafo/conf.d is mounted by subPath, and never"),
        (with_other_label, "Service api: its selector matches no Pod"),
        (without_key, "Deployment api: OS_READER__REDIS_URL_FILE = /run/secrets/faafo-redis/red"),
    ],
    ids=["secret", "untagged", "latest", "root", "sub-path", "label", "key"],
)
def test_what_is_wrong_with_manifests_is_said_in_a_line(manifests, change, line):
    found = problems(broken(manifests["trial"], change))
    assert [one for one in found if one.startswith(line)], found


def test_the_page_names_each_secret(manifests):
    page = DOCUMENTATION.read_text()
    named = set()
    for name in ("base", "keda", "keystone", "s3"):
        for pod in Site(manifests[name]).pods.values():
            volumes = [one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one]
            named |= set(volumes)
    assert [one for one in sorted(named | {"faafo-scaler", "faafo-tls"}) if one not in page] == []


def test_the_overlay_of_the_page_can_be_made(kustomize):
    block = re.search(r"# mine/kustomization.yaml\n((?: {6}.*\n)+)", DOCUMENTATION.read_text())[1]
    overlay = textwrap.dedent(block)
    remote = re.search(r"https://github.com/OWNER/faafo//(\S+)\?ref=[\d.]+", overlay)
    files = {
        "kustomization.yaml": overlay.replace(remote[0], f"../{remote[1]}"),
        "tune.conf": "[api]\nmax_wait = 30\n",
    }
    documents = kustomize.make_of(files)
    assert problems(documents, SECRETS) == []
    parser = configuration(documents)
    assert (parser["api"]["max_wait"], parser["api"]["auth_strategy"]) == ("30", "http_basic")
    images = {one["image"] for one in containers(documents)}
    assert images == {"registry.example.org/faafo:1.0.0"}
    (ingress,) = (spec for _name, spec in Site(documents).of("Ingress"))
    assert ingress["rules"][0]["host"] == ingress["tls"][0]["hosts"][0] == "fractals.example.org"
