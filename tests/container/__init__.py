# SPDX-License-Identifier: Apache-2.0
"""The container image, built and run for real: see ``make test-container``."""
