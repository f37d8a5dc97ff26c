# SPDX-License-Identifier: Apache-2.0
"""Bounds that options share: beyond them the system refuses a wait or a thread."""

# Seconds: a year, and an hour where a longer wait only hides an error.
LONGEST = 31_536_000.0
HOUR = 3600.0
MOST_THREADS = 1000
