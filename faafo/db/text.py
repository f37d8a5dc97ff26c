# SPDX-License-Identifier: Apache-2.0
"""Comparing text exactly: MariaDB and MySQL compare by collation, the others as it is.

By default their collations ignore case, accents, and spaces at the end. The columns of PostgreSQL
have the collation "C": see ``migrations.steps``.
"""

import re
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

ANY_TEXT, ANY_CHARACTER = "%", "_"


class exact(FunctionElement[str]):  # noqa: N801 - reads like the SQL function it stands for
    """A column of text, compared and sorted character by character."""

    type = String()
    inherit_cache = True


@compiles(exact)
def _exact(element: exact, compiler: Any, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(exact, "mysql", "mariadb")
def _exact_mysql(element: exact, compiler: Any, **kw: Any) -> str:
    # The other binary collations of MariaDB ignore spaces at the end.
    collation = "utf8mb4_nopad_bin" if compiler.dialect.is_mariadb else "utf8mb4_0900_bin"
    column = compiler.process(element.clauses, **kw)
    return f"(CONVERT({column} USING utf8mb4) COLLATE {collation})"


class matches(FunctionElement[bool]):  # noqa: N801
    """Whether a column of text is like a pattern: ``%`` is any text, ``_`` any character.

    There is no escape character.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[str], pattern: str) -> None:
        super().__init__(column, literal(_glob(pattern, str)), literal(_like(pattern)))


class matches_in_any_case(matches):  # noqa: N801
    """Whether a column of text is like a pattern when the case of letters is ignored."""

    inherit_cache = True

    def __init__(self, column: ColumnElement[str], pattern: str) -> None:
        glob, like = _glob(pattern, _both_cases), _like(pattern.lower())
        FunctionElement.__init__(
            self, column, literal(glob), literal(like), literal(_regular(pattern))
        )


@compiles(matches, "sqlite")
def _matches_sqlite(element: matches, compiler: Any, **kw: Any) -> str:
    # LIKE of SQLite ignores the case of ASCII letters; GLOB does not.
    column, glob, *_ = element.clauses
    return f"({compiler.process(column, **kw)} GLOB {compiler.process(glob, **kw)})"


@compiles(matches, "mysql", "mariadb", "postgresql")
def _matches_mysql(element: matches, compiler: Any, **kw: Any) -> str:
    column, _, like = element.clauses
    text = compiler.process(exact(column), **kw)
    return f"({text} LIKE {compiler.process(like, **kw)})"


@compiles(matches_in_any_case, "mysql", "mariadb")
def _matches_in_any_case_mysql(element: matches_in_any_case, compiler: Any, **kw: Any) -> str:
    column, _, like, _ = element.clauses
    text = compiler.process(exact(column), **kw)
    return f"(LOWER({text}) LIKE {compiler.process(like, **kw)})"


@compiles(matches_in_any_case, "postgresql")
def _matches_in_any_case_postgresql(element: matches_in_any_case, compiler: Any, **kw: Any) -> str:
    # Which letters LOWER knows depends on the locale of the database.
    column, _, _, regular = element.clauses
    return f"({compiler.process(column, **kw)} ~ {compiler.process(regular, **kw)})"


def _like(pattern: str) -> str:
    # A backslash would escape the next character.
    return pattern.replace("\\", "\\\\")


def _glob(pattern: str, letter: Any) -> str:
    special = {ANY_TEXT: "*", ANY_CHARACTER: "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(special.get(one) or letter(one) for one in pattern)


def _regular(pattern: str) -> str:
    """Return a regular expression of PostgreSQL that ignores the case of letters."""
    special = {ANY_TEXT: ".*", ANY_CHARACTER: "."}
    plain = (special.get(one) or _cases_or_escaped(one) for one in pattern)
    return f"^(?:{''.join(plain)})$"


def _cases_or_escaped(character: str) -> str:
    cases = _both_cases(character)
    return re.escape(character) if cases == character else cases


def _both_cases(character: str) -> str:
    cases = {one for one in (character, character.lower(), character.upper()) if len(one) == 1}
    return character if len(cases) == 1 else f"[{''.join(sorted(cases))}]"
