# SPDX-License-Identifier: Apache-2.0
"""What is remembered of tokens, and for how long."""

import pytest

from faafo.auth import recent
from faafo.auth.identity import Identity
from faafo.auth.recent import Recent

ADA = Identity("u", "ada", "p", ("member",))


@pytest.fixture
def now():
    return [100.0]


@pytest.fixture
def tokens(now):
    return Recent(lambda: now[0])


def test_a_valid_token_is_remembered_for_a_few_seconds(tokens, now):
    tokens.add("token", ADA)
    assert tokens.get("token").identity is ADA
    assert tokens.get("other") is None
    now[0] += recent.VALID_SECONDS
    assert tokens.get("token") is None


def test_an_invalid_token_is_remembered_as_well(tokens, now):
    tokens.add("token", None)
    assert tokens.get("token").identity is None
    now[0] += recent.INVALID_SECONDS
    assert tokens.get("token") is None


def test_any_number_of_invalid_tokens_pushes_out_no_valid_one(tokens):
    tokens.add("token", ADA)
    for number in range(recent.MOST + 10):
        tokens.add(f"nonsense {number}", None)
    assert tokens.get("token").identity is ADA
    assert tokens.get("nonsense 0") is None
    assert tokens.get(f"nonsense {recent.MOST}").identity is None


def test_a_token_itself_is_not_kept(tokens):
    tokens.add("S3Cret", ADA)
    assert "S3Cret" not in repr(vars(tokens))


def test_a_token_counts_as_valid_before_until_it_is_refused(tokens, now):
    assert not tokens.was_valid("token")
    tokens.add("token", ADA)
    now[0] += 10 * recent.VALID_SECONDS
    assert tokens.was_valid("token")
    tokens.add("token", None)
    assert not tokens.was_valid("token")
