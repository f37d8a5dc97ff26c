# SPDX-License-Identifier: Apache-2.0
"""Paths that a form names to lead back to a page of this site."""

from flask import request


def local_path(path: str) -> str:
    """Return ``path`` if it leads to a page of this site, else that of the gallery."""
    # Browsers take "//host" and "/\\host" for other sites, and drop control characters.
    is_local = path.startswith("/") and not path.startswith("//")
    return path if is_local and path.isprintable() and "\\" not in path else "/"


def address_of(path: str) -> str:
    """Return the address of the page at a path that a form names."""
    return request.script_root + local_path(path)


def this_page() -> str:
    """Return the path of the page of this request, as ``address_of`` takes it."""
    return request.full_path.rstrip("?")
