# SPDX-License-Identifier: Apache-2.0
"""The types of columns that several tables have."""

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.dialects import mysql

# SQLite generates ids in an INTEGER column only.
Serial = BigInteger().with_variant(Integer, "sqlite")


def exact(length: int) -> String:
    """Return the type of a text that is compared character by character."""
    binary = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return String(length).with_variant(binary, "mysql", "mariadb")
