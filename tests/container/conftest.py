# SPDX-License-Identifier: Apache-2.0
"""The image and a Docker daemon, for the tests of this directory."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.engine import Engine
from tests.container.image import Image


@pytest.fixture(scope="session")
def lab() -> Path:
    """The directory for all that is large; it goes with the lab."""
    lab = os.environ.get("FAAFO_LAB")
    if not lab:
        pytest.fail("these tests run in a lab of their own: make test-container")
    return Path(lab)


@pytest.fixture(scope="session")
def image(lab: Path) -> Iterator[Image]:
    with Image(lab / "image") as image:
        yield image


@pytest.fixture(scope="session")
def engine(lab: Path, image: Image) -> Iterator[Engine]:
    """A daemon that has every image of ``compose.yaml``."""
    with Engine(lab / "engine") as engine:
        engine.load(image)
        yield engine
