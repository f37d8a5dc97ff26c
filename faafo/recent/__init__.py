# SPDX-License-Identifier: Apache-2.0
"""The states of recent jobs in Redis: written by readers, read by APIs; never the truth."""
