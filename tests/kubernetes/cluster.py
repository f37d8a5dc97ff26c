# SPDX-License-Identifier: Apache-2.0
"""A cluster of one node without Kubernetes: podman plays the Pods of manifests.

Podman has no Services, no controllers and no kubelet. So each Pod gets the name of its Service on
the network, each replica is played by itself, and a ConfigMap that changes is swapped here, in the
way of the kubelet.
"""

import copy
import itertools
import json
import os
import signal
from pathlib import Path
from typing import Any

import yaml

from tests.kubernetes.podman import Podman
from tests.static.manifests import Document

NETWORK = "faafo"
DATA = "..data"
# Podman makes volumes of all of these, and has one name for each volume.
CLAIM, CONFIG = "claim-", "config-"


class Cluster:
    """Plays ``documents``, the manifests of the trial."""

    def __init__(self, podman: Podman, documents: list[Document]) -> None:
        self.podman = podman
        self._documents = {(one["kind"], one["metadata"]["name"]): one for one in documents}
        self._numbers = itertools.count(1)
        podman("network", "create", NETWORK)
        for one in documents:
            if one["kind"] == "Secret":
                self._play([_without_namespace(one)])
        for name, data in self._of("ConfigMap", "data"):
            podman("volume", "create", CONFIG + name)
            self.write_config(name, data)
        for name, _spec in self._of("PersistentVolumeClaim", "spec"):
            podman("volume", "create", CLAIM + name)
            os.chown(self._volume(CLAIM + name), *self._owner(name))

    def _of(self, kind: str, field: str) -> list[tuple[str, Document]]:
        found = self._documents.items()
        return [(name, one[field]) for (one_kind, name), one in found if one_kind == kind]

    def _volume(self, name: str) -> Path:
        mounted = self.podman("volume", "inspect", "--format", "{{.Mountpoint}}", name)
        return self.podman.path(mounted)

    def _owner(self, claim: str) -> tuple[int, int]:
        """Return user and group of the Pods that mount a claim."""
        for _name, spec in self._of("Deployment", "spec"):
            pod = spec["template"]["spec"]
            if {"claimName": claim} in [one.get("persistentVolumeClaim") for one in pod["volumes"]]:
                return pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]
        raise AssertionError(f"no Pod mounts {claim}")

    def start(self, name: str) -> str:
        """Start one more Pod of a Deployment; return its name."""
        pod = f"{name}-{next(self._numbers)}"
        self._play([self._pod(pod, "Deployment", name, "Always")], f":alias={name}")
        return pod

    def run(self, name: str) -> str:
        """Start the Pod of a Job; return its name."""
        self._play([self._pod(name, "Job", name, "OnFailure")], "")
        return name

    def _pod(self, pod: str, kind: str, name: str, restart: str) -> Document:
        template = copy.deepcopy(self._documents[kind, name]["spec"]["template"])
        spec = template["spec"] | {"restartPolicy": restart}
        for key in ("serviceAccountName", "topologySpreadConstraints"):
            spec.pop(key, None)
        for container in spec["containers"]:
            # A kubelet asks probes, and here the tests do. A lab has no groups of processes.
            for key in ("startupProbe", "readinessProbe", "livenessProbe", "resources"):
                container.pop(key, None)
            for mount in container["volumeMounts"]:
                mount["name"] = f"{pod}-{mount['name']}"
        for volume in spec["volumes"]:
            # A volume that is empty at first is known by its name to all Pods.
            volume["name"] = f"{pod}-{volume['name']}"
            _made_for_podman(volume)
        labels = template["metadata"]["labels"]
        metadata = {"name": pod, "labels": labels}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def _play(self, documents: list[Document], alias: str | None = None) -> None:
        path = self.podman.path("/srv/play.yaml")
        path.write_text(yaml.safe_dump_all(documents))
        network = [] if alias is None else ["--network", NETWORK + alias]
        self.podman("kube", "play", *network, "/srv/play.yaml")

    def containers(self, name: str) -> list[Document]:
        """Return the containers of the manifest of a Deployment, with their probes."""
        return self._documents["Deployment", name]["spec"]["template"]["spec"]["containers"]

    def container_of(self, pod: str) -> str:
        """Return the name of the container that does the work of a Pod."""
        return f"{pod}-{self._first(pod)}"

    def _first(self, pod: str) -> str:
        kind = "Job" if ("Job", pod) in self._documents else "Deployment"
        name = pod if kind == "Job" else pod.rpartition("-")[0]
        return self._documents[kind, name]["spec"]["template"]["spec"]["containers"][0]["name"]

    def state(self, pod: str) -> Document:
        """Return the state of the container of a Pod."""
        return json.loads(self.podman("inspect", self.container_of(pod)))[0]["State"]

    def logs(self, pod: str) -> str:
        """Return what the container of a Pod has written."""
        inspected = json.loads(self.podman("inspect", self.container_of(pod)))[0]
        return self.podman.path(inspected["HostConfig"]["LogConfig"]["Path"]).read_text()

    def address(self, pod: str) -> str:
        """Return the address of a Pod."""
        infra = json.loads(self.podman("pod", "inspect", pod))
        found = infra[0] if isinstance(infra, list) else infra
        inspected = json.loads(self.podman("inspect", found["InfraContainerID"]))[0]
        return inspected["NetworkSettings"]["Networks"][NETWORK]["IPAddress"]

    def execute(self, pod: str, *command: str) -> str:
        """Return what a command in the container of a Pod prints."""
        return self.podman("exec", self.container_of(pod), *command)

    def kill(self, pod: str) -> None:
        """End the processes of the container of a Pod as a lost power supply does."""
        os.kill(self.state(pod)["Pid"], signal.SIGKILL)

    def stop(self, pod: str) -> int:
        """Stop a Pod as Kubernetes does, within its grace period; return the exit status."""
        spec = self._documents["Deployment", pod.rpartition("-")[0]]["spec"]["template"]["spec"]
        seconds = spec["terminationGracePeriodSeconds"]
        self.podman("stop", "--time", seconds, self.container_of(pod))
        return self.state(pod)["ExitCode"]

    def write_config(self, name: str, data: dict[str, str]) -> None:
        """Swap the files of a ConfigMap in the way of the kubelet: by the link ``..data``."""
        volume = self._volume(CONFIG + name)
        version = f"..{next(self._numbers)}"
        (volume / version).mkdir()
        for key, text in data.items():
            (volume / version / key).write_text(text)
            link = volume / key
            if not link.is_symlink():
                link.symlink_to(Path(DATA) / key)
        new = volume / "..data_tmp"
        new.symlink_to(version)
        new.rename(volume / DATA)

    def config(self, name: str) -> dict[str, str]:
        """Return the files of a ConfigMap of the manifests."""
        return dict(self._documents["ConfigMap", name]["data"])


def _without_namespace(document: Document) -> Document:
    metadata = {k: v for k, v in document["metadata"].items() if k != "namespace"}
    return {**document, "metadata": metadata}


def _made_for_podman(volume: dict[str, Any]) -> None:
    """Let the user of a container read and write a volume: podman knows no group of a Pod."""
    if "secret" in volume:
        volume["secret"]["defaultMode"] = 0o444
    if "configMap" in volume:
        # Podman copies it once; this one changes.
        volume["persistentVolumeClaim"] = {"claimName": CONFIG + volume.pop("configMap")["name"]}
    elif "persistentVolumeClaim" in volume:
        claim = volume["persistentVolumeClaim"]
        claim["claimName"] = CLAIM + claim["claimName"]
    if "emptyDir" in volume:
        volume["emptyDir"] = {}
