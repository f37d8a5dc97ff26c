# SPDX-License-Identifier: Apache-2.0
"""The producer: generates fractals, and dispatches queued fractals to workers."""
