# SPDX-License-Identifier: Apache-2.0
"""The HTTP client of faafo's own API."""
