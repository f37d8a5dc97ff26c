# SPDX-License-Identifier: Apache-2.0
"""In which order all tests run."""

import pytest

# What takes minutes begins first: otherwise one worker of pytest-xdist runs it when the others are
# through. What takes no time comes last and fills the gaps.
LONGEST = [
    "test_chaos", "test_services", "test_keystone", "test_startup_errors", "test_store",
    "test_looks", "test_life_cycle", "test_explorer", "test_gallery", "test_openapi",
    "test_stopping", "test_cli_keystone", "test_install_keystone", "test_concurrency",
    "test_quota", "test_tiles", "test_ansible", "test_jobs_agree",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort files; the tests of a file stay together and in their order."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONGEST)))
