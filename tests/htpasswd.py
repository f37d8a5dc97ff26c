# SPDX-License-Identifier: Apache-2.0
"""Lines of a file of users, as ``htpasswd`` writes them."""

import bcrypt


def user_line(name: str, password: str, cost: int = 4) -> str:
    """Return the line of a user; the lowest cost makes tests fast."""
    return f"{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()}\n"
