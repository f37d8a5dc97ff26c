# SPDX-License-Identifier: Apache-2.0
"""A file that is read by range requests."""

import io

import pytest

from faafo.store import ranged
from faafo.store.ranged import Block, RangedFile

CONTENT = bytes(range(256)) * 10
BLOCK = 100


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(ranged, "BLOCK_BYTES", BLOCK)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def file(asked):
    def fetch(start, count, etag):
        asked.append((start, etag))
        return Block(start, CONTENT[start : start + count], len(CONTENT), "v1")

    return io.BufferedReader(RangedFile(fetch), 10)


def test_it_is_read_block_by_block(file, asked):
    assert file.read() == CONTENT
    assert asked == [(0, None)] + [(start, "v1") for start in range(BLOCK, len(CONTENT), BLOCK)]


@pytest.mark.parametrize("position", [0, 5, 99, 100, 101, 2500, 2559, 2560, 9999])
def test_it_is_read_from_anywhere(file, position):
    file.seek(position)
    assert file.read(150) == CONTENT[position : position + 150]


def test_its_end_is_found_without_a_request(file, asked):
    assert file.seek(-10, io.SEEK_END) == len(CONTENT) - 10
    assert len(asked) == 1
    assert file.read() == CONTENT[-10:]


def test_the_current_block_is_not_fetched_again(file, asked):
    file.read(50)
    file.seek(0)
    file.read(50)
    assert len(asked) == 1
