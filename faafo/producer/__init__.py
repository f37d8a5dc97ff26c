# SPDX-License-Identifier: Apache-2.0
"""The producer: generates fractals, and dispatches what is queued to workers."""
