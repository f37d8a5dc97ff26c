# SPDX-License-Identifier: Apache-2.0
"""How a search compares text, on every database: by case, accents, spaces, and wildcards."""

TEXTS = sorted(
    ["worker", "WORKER", "w\u00f6rker", "W\u00d6RKER", "worker ", "w*rk?r", "w[a-z]r", "50%", "a_b",
     "a\\b", "axb", "\U0001f41f", "\u00df", "ss", "a", "B", "\u00e4"]
)  # fmt: skip
COMPARED = [
    ("==", "worker", ["worker"]),
    ("==", "Worker", []),
    ("==", "worker ", ["worker "]),
    ("==", "w\u00f6rker", ["w\u00f6rker"]),
    ("==", "\u00df", ["\u00df"]),
    ("==", "\U0001f41f", ["\U0001f41f"]),
    ("==", "\U0001f41e", []),
    ("!=", "worker", [one for one in TEXTS if one != "worker"]),
    ("in", ["WORKER", "ss", "A"], ["WORKER", "ss"]),
    ("not_in", [one for one in TEXTS if one != "worker "], ["worker "]),
    ("<", "a", [one for one in TEXTS if one < "a"]),
    (">=", "worker", [one for one in TEXTS if one >= "worker"]),
    ("like", "wor%", ["worker", "worker "]),
    ("like", "worker", ["worker"]),
    ("like", "WOR%", ["WORKER"]),
    ("like", "w_rker", ["worker", "w\u00f6rker"]),
    ("like", "w*rk?r", ["w*rk?r"]),
    ("like", "w[a-z]r", ["w[a-z]r"]),
    ("like", "a\\b", ["a\\b"]),
    ("like", "a\\_b", []),
    ("like", "a_b", ["a\\b", "a_b", "axb"]),
    ("like", "%%", TEXTS),
    ("like", "_", ["B", "a", "\u00df", "\u00e4", "\U0001f41f"]),
    ("like", "", []),
    ("ilike", "WoRkEr", ["WORKER", "worker"]),
    ("ilike", "w\u00d6rk%", ["W\u00d6RKER", "w\u00f6rker"]),
    ("ilike", "b", ["B"]),
    ("ilike", "W[A-Z]R", ["w[a-z]r"]),
    ("ilike", "A\\B", ["a\\b"]),
    ("not_like", "%", []),
    ("not_like", "%r%", [one for one in TEXTS if "r" not in one]),
]
