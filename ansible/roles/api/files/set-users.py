# SPDX-License-Identifier: Apache-2.0
"""Give users the passwords that standard input has, NAME:PASSWORD a line, in an htpasswd file.

Other users stay, and so does the hash of a password that is still the same. Prints whether the
file is another one than before. Arguments: its path, and the group that may read it.
"""

import grp
import os
import sys
from pathlib import Path

import bcrypt

COST = 10


def matches(password: bytes, encoded: str) -> bool:
    """Tell whether this is the hash of ``password``."""
    try:
        return bcrypt.checkpw(password, encoded.encode())
    except ValueError:
        return False


def with_user(lines: list[str], name: str, password: bytes) -> list[str]:
    """Return the lines of a file in which a user has a password."""
    found = [line for line in lines if line.partition(":")[0] == name]
    if len(found) == 1 and matches(password, found[0].partition(":")[2]):
        return lines
    encoded = bcrypt.hashpw(password, bcrypt.gensalt(COST)).decode()
    return [*(line for line in lines if line not in found), f"{name}:{encoded}"]


path, group = Path(sys.argv[1]), grp.getgrnam(sys.argv[2]).gr_gid
before = path.read_text().splitlines() if path.exists() else []
after = before
for line in sys.stdin.read().splitlines():
    name, _colon, password = line.partition(":")
    after = with_user(after, name, password.encode())
if after != before:
    os.umask(0o077)
    new = path.with_suffix(".new")
    new.write_text("".join(f"{line}\n" for line in after))
    os.chown(new, -1, group)
    new.chmod(0o640)
    new.replace(path)
print("the same" if after == before else "changed")
