# SPDX-License-Identifier: Apache-2.0
"""Readers: they keep the states of recent jobs in Redis, as events on the bus tell them."""
