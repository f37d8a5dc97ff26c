# SPDX-License-Identifier: Apache-2.0
"""Upgrades from the release before, with real services of both releases."""
