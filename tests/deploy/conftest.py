"""The lab's hosts, for the tests of this directory."""

import os
from pathlib import Path

import pytest

from tests.deploy.hosts import Base


@pytest.fixture(scope="session")
def base() -> Base:
    """What every host begins as."""
    lab = os.environ.get("FAAFO_LAB")
    if not lab:
        pytest.fail("these tests run in a lab of their own: make test-deploy")
    base = Base(Path(lab))
    base.make()
    return base
