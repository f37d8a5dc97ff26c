# SPDX-License-Identifier: Apache-2.0
"""What faafo is compared with: small programs of our own that do the same work in another way."""
