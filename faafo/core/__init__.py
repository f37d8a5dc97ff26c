# SPDX-License-Identifier: Apache-2.0
"""Shared by api and web: collaborators of a request, limits, deletion, the gateway to tiles."""
