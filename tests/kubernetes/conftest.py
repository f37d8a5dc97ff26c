# SPDX-License-Identifier: Apache-2.0
"""The image, podman and the manifests, for the tests of this directory."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.image import Image
from tests.kubernetes.podman import Podman
from tests.static.kustomize import Kustomize, find_kubectl


@pytest.fixture(scope="session")
def lab() -> Path:
    """The directory for all that is large; it goes with the lab."""
    lab = os.environ.get("FAAFO_LAB")
    if not lab:
        pytest.fail("these tests run in a lab of their own: make test-kubernetes")
    return Path(lab)


@pytest.fixture(scope="session")
def kustomize(lab: Path) -> Kustomize:
    kubectl = find_kubectl()
    assert kubectl, "there is no kubectl: run tools/install-kubectl .venv/bin"
    (lab / "manifests").mkdir()
    return Kustomize(lab / "manifests", kubectl)


@pytest.fixture(scope="session")
def podman(lab: Path) -> Iterator[Podman]:
    """Podman that has every image of the trial."""
    with Podman(lab / "podman") as podman:
        podman.make_servers()
        with Image(lab / "image") as image:
            podman.load(image, "docker.io/library/faafo:trial")
        yield podman
