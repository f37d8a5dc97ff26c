# SPDX-License-Identifier: Apache-2.0
"""A place for the tokens that a strategy issues."""

import pytest


class Tokens:
    """Keeps tokens in memory."""

    def __init__(self):
        self.kept = {}

    def add(self, digest, user_id, fingerprint, seconds):
        self.kept[digest] = (user_id, fingerprint)

    def find(self, digest):
        return self.kept.get(digest)

    def remove(self, digest):
        self.kept.pop(digest, None)


@pytest.fixture
def tokens():
    return Tokens()
