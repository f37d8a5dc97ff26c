# SPDX-License-Identifier: Apache-2.0
"""The manifests as kustomize makes them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.static.manifests import Document

ROOT = Path(__file__).parents[2]


def find_kubectl() -> str | None:
    """Return the path of kubectl, of the virtual environment or of the system."""
    return shutil.which("kubectl", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


class Kustomize:
    """Makes manifests in a copy, below ``directory``, that has secrets of its own."""

    def __init__(self, directory: Path, kubectl: str) -> None:
        self._directory = directory
        self._kubectl = kubectl
        for name in ("kubernetes", "etc"):
            ignored = shutil.ignore_patterns("secrets")
            shutil.copytree(ROOT / name, directory / name, ignore=ignored)
        self.secrets = directory / "kubernetes/overlays/trial/secrets"
        subprocess.run([ROOT / "container/make-secrets", self.secrets], check=True)

    def make(self, name: str) -> list[Document]:
        """Return the manifests of ``base``, or of an overlay."""
        return self._make("base" if name == "base" else f"overlays/{name}")

    def make_of(self, files: Mapping[str, str]) -> list[Document]:
        """Return the manifests of an overlay ``mine``, beside ``kubernetes``, with these files."""
        (self._directory / "mine").mkdir()
        for name, text in files.items():
            (self._directory / "mine" / name).write_text(text)
        return self._make("../mine")

    def _make(self, path: str) -> list[Document]:
        command = [self._kubectl, "kustomize", self._directory / "kubernetes" / path]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [one for one in yaml.safe_load_all(done.stdout) if one]
