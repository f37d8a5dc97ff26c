# SPDX-License-Identifier: Apache-2.0
"""The peers that faafo is compared with: small programs of ours that do the same work."""
