# SPDX-License-Identifier: Apache-2.0
"""faafo renders Julia sets: an API, a producer and workers that talk over oslo.messaging."""
