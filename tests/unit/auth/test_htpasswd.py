# SPDX-License-Identifier: Apache-2.0
"""Files of users, as htpasswd writes them."""

import pytest

from faafo.auth.htpasswd import parse

# Of "secret", by htpasswd -nbB.
HASH = "$2y$05$" + "a" * 53


def test_users_and_their_hashes():
    text = f"# the team\n\nada:{HASH}\r\ncharles:{HASH.replace('2y', '2b')}\n"
    hashes = {"ada": HASH.encode(), "charles": HASH.replace("2y", "2b").encode()}
    assert parse(text).hashes == hashes
    assert parse("").hashes == {}
    assert parse("").costliest is None


def test_the_costs_of_the_hashes_and_the_costliest_one():
    costly = HASH.replace("05", "12")
    users = parse(f"ada:{HASH}\ncharles:{costly}\nbot:{HASH}\n")
    assert users.costs == {5, 12}
    assert users.costliest == costly.encode()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("ada", "line 2: must be <user>:<bcrypt hash>"),
        ("ada:", "must be <user>"),
        ("ada:secret", "must be <user>"),
        ("ada:$apr1$x$y", "must be <user>"),
        (f"ada:{HASH}x", "must be <user>"),
        (f"ada:{HASH}:x", "must be <user>"),
        (f":{HASH}", "the user name must have"),
        (f"a b:{HASH}", "the user name must have"),
        (f"a\x07:{HASH}", "the user name must have"),
        (f"{'a' * 256}:{HASH}", "the user name must have"),
        (f"ada:{HASH.replace('05', '31')}", "the cost of the hash must be from 4 to 15, not 31"),
        (f"first:{HASH}", "user 'first' is in the file already"),
    ],
)
def test_a_broken_line_is_named_without_its_hash(line, problem):
    with pytest.raises(ValueError, match="line 2") as refused:
        parse(f"first:{HASH}\n{line}\n")
    assert problem in str(refused.value)
    assert "aaaa" not in str(refused.value)
    assert "secret" not in str(refused.value)
