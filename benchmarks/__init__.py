# SPDX-License-Identifier: Apache-2.0
"""What measures speed: ``python -m benchmarks``; see README.rst."""
