# SPDX-License-Identifier: Apache-2.0
"""What api and web share: collaborators of a request, limits, deletion, the gateway to tiles."""
