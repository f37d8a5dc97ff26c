# SPDX-License-Identifier: Apache-2.0
"""The pages that people browse, rendered on the server; they need no JavaScript."""
