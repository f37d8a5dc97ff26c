# SPDX-License-Identifier: Apache-2.0
"""Types of option values: kinds and labels of a worker."""

import pytest

from faafo.conf.types import Kinds, Labels


def test_kinds_and_labels_are_lists_without_repetition():
    assert Kinds()("join, render,join") == ["join", "render"]
    assert Labels()("bigmem,rack-7,bigmem") == ["bigmem", "rack-7"]
    assert Labels()("") == []


@pytest.mark.parametrize(
    ("of", "text", "problem"),
    [
        (Kinds, "", "must be one or more of render, join, film$"),
        (Kinds, "render,paint", "must be one or more of render, join, film, not 'paint'"),
        (Labels, "a b", "must each be 1 to 64 letters .*, not 'a b'"),
        (Labels, "a" * 65, "must each be 1 to 64 letters "),
        (Labels, ",".join(map(str, range(11))), "must be at most 10, not 11"),
    ],
    ids=["no-kind", "unknown", "space", "long", "many"],
)
def test_what_is_no_kind_or_label_is_named(of, text, problem):
    with pytest.raises(ValueError, match=problem):
        of()(text)
