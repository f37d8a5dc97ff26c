# SPDX-License-Identifier: Apache-2.0
"""In which order all tests run, and what the collector of garbage need not look at."""

import gc

import pytest

# What takes minutes begins first: otherwise one worker of pytest-xdist runs it when the others are
# through. What takes no time comes last and fills the gaps.
LONGEST = [
    "test_chaos", "test_services", "test_keystone", "test_explorer", "test_all", "test_stopping",
    "test_looks", "test_dispatcher", "test_live_gallery", "test_life_cycle", "test_tiles",
    "test_openapi", "test_gallery", "test_names", "test_store",
    "test_controls", "test_refusals", "test_rpc", "test_star", "test_swagger", "test_migrations",
    "test_fractal_page", "test_webhooks", "test_pulse", "test_cli", "test_jobs_agree",
    "test_cli_keystone", "test_ansible", "test_http_basic", "test_install_keystone",
    "test_concurrency", "test_access", "test_reader", "test_quota",
    "test_startup_errors",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort files; the tests of a file stay together and in their order."""
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(LONGEST)))


def pytest_collection_finish() -> None:
    """Have the collector of garbage leave alone what lasts until the end.

    That is ten thousand tests and all modules: to look through them takes half a second each time.
    """
    gc.collect()
    gc.freeze()
