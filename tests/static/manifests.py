# SPDX-License-Identifier: Apache-2.0
"""What is wrong with manifests of Kubernetes, apart from their schemas, a sentence each."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Document = dict[str, Any]
WORKLOADS = ("Deployment", "Job")
# A tag with two numbers at least, or a digest; "trial" is built by whoever tries it.
PINNED = re.compile(r"^[^:@]+(:\d+\.\d+[\w.-]*|:trial|@sha256:[0-9a-f]{64})$")


def problems(documents: list[Document], given: frozenset[str] = frozenset()) -> list[str]:
    """Return what is wrong with manifests that are applied together.

    :param given: names of Secrets that whoever applies them has made.
    """
    site = Site(documents)
    return [
        *_of_selectors(site),
        *(f"{name}: {one}" for name, pod in site.pods.items() for one in _of_pod(pod)),
        *_of_volumes(site, given),
        *_of_ports(site),
    ]


class Site:
    """Manifests by kind and name."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents
        self.names = {(one["kind"], one["metadata"]["name"]): one for one in documents}
        workloads = [one for one in documents if one["kind"] in WORKLOADS]
        self.templates = {
            f"{one['kind']} {one['metadata']['name']}": one["spec"]["template"] for one in workloads
        }
        self.pods = {name: template["spec"] for name, template in self.templates.items()}

    def of(self, kind: str) -> Iterator[tuple[str, Document]]:
        """Yield name and spec of all of a kind."""
        for one in self.documents:
            if one["kind"] == kind:
                yield f"{kind} {one['metadata']['name']}", one["spec"]

    def selected(self, selector: Document) -> list[str]:
        """Return the workloads whose Pods a selector (``matchLabels``, ...) selects."""
        return [
            name
            for name, template in self.templates.items()
            if _selects(selector, template["metadata"]["labels"])
        ]

    def reached(self, name: str) -> set[int]:
        """Return the ports that the Pods of a workload may reach at any address at all."""
        return {
            port["port"]
            for _name, spec in self.of("NetworkPolicy")
            if name in self.selected(spec["podSelector"])
            for rule in spec.get("egress", ())
            if "to" not in rule
            for port in rule["ports"]
        }


def _selects(selector: Document, labels: Mapping[str, str]) -> bool:
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        (labels.get(one["key"]) in one["values"]) == {"In": True, "NotIn": False}[one["operator"]]
        for one in selector.get("matchExpressions", ())
    )


def _of_selectors(site: Site) -> Iterator[str]:
    for name, spec in site.of("Deployment"):
        if name not in site.selected(spec["selector"]):
            yield f"{name}: its selector does not match its own Pods"
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
        for name, spec in site.of(kind):
            selector = spec.get("podSelector", spec.get("selector"))
            if not site.selected({"matchLabels": selector} if kind == "Service" else selector):
                yield f"{name}: its selector matches no Pod"


def _of_pod(pod: Document) -> Iterator[str]:
    security = pod.get("securityContext", {})
    if not security.get("runAsNonRoot") or not security.get("runAsUser"):
        yield "may run as root"
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "gets a token of the API of Kubernetes"
    for one in (*pod.get("initContainers", ()), *pod["containers"]):
        context = one.get("securityContext", {})
        if not context.get("readOnlyRootFilesystem"):
            yield "may write to its root file system"
        if context.get("allowPrivilegeEscalation") is not False:
            yield "may gain privileges"
        if context.get("capabilities") != {"drop": ["ALL"]}:
            yield "has capabilities"
        if not PINNED.match(one["image"]):
            yield f"the image {one['image']} is not pinned: name a version"
        if not {"requests", "limits"} <= one.get("resources", {}).keys():
            yield "has no requests or limits"


def _of_volumes(site: Site, given: frozenset[str]) -> Iterator[str]:
    for name, pod in site.pods.items():
        volumes = {one["name"]: one for one in pod.get("volumes", ())}
        for container in pod["containers"]:
            mounts = container.get("volumeMounts", ())
            for one in mounts:
                if one["name"] not in volumes:
                    yield f"{name}: mounts {one['name']}, which is no volume of it"
                if "subPath" in one:
                    yield f"{name}: {one['mountPath']} is mounted by subPath, and never changes"
            yield from _of_files(name, container, volumes, site)
        for one in volumes.values():
            missing = _missing(one, site, given)
            if missing:
                yield f"{name}: there is no {missing}"


def _missing(volume: Document, site: Site, given: frozenset[str]) -> str | None:
    for key, kind, field in (
        ("secret", "Secret", "secretName"),
        ("configMap", "ConfigMap", "name"),
        ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
    ):
        wanted = volume.get(key, {}).get(field)
        is_given = kind == "Secret" and wanted in given
        if wanted and (kind, wanted) not in site.names and not is_given:
            return f"{kind} {wanted}"
    return None


def _of_files(
    name: str, container: Document, volumes: Mapping[str, Document], site: Site
) -> Iterator[str]:
    """Yield the variables that name files which are in no Secret."""
    for one in container.get("env", ()):
        path = one.get("value", "")
        if not one["name"].endswith("_FILE") or not path.startswith("/run/secrets/"):
            continue
        directory, _, key = path.rpartition("/")
        mount = next((m for m in container["volumeMounts"] if m["mountPath"] == directory), None)
        if mount is None:
            yield f"{name}: {one['name']} = {path}, and nothing is mounted there"
            continue
        secret = site.names.get(("Secret", volumes[mount["name"]]["secret"]["secretName"]))
        if secret and key not in {*secret.get("data", ()), *secret.get("stringData", ())}:
            yield f"{name}: {one['name']} = {path}, and the Secret has no {key}"


def _of_ports(site: Site) -> Iterator[str]:
    for name, spec in site.of("Service"):
        for port in spec["ports"]:
            for selected in site.selected({"matchLabels": spec["selector"]}):
                if port["targetPort"] not in _ports(site.pods[selected]):
                    yield f"{name}: {selected} has no port {port['targetPort']}"
    for name, spec in site.of("Ingress"):
        for rule in spec["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                found = site.names.get(("Service", service["name"]), {"spec": {"ports": []}})
                if service["port"]["name"] not in {one["name"] for one in found["spec"]["ports"]}:
                    yield f"{name}: there is no port {service['port']['name']} of {service['name']}"


def _ports(pod: Document) -> set[str]:
    return {port["name"] for one in pod["containers"] for port in one.get("ports", ())}
