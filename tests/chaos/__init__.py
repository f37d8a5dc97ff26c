# SPDX-License-Identifier: Apache-2.0
"""The chaos suite: faults at every step, and a count of what became of every fractal."""
