# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: ``python -m benchmarks``; see README.rst."""
