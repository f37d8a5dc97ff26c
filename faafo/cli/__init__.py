# SPDX-License-Identifier: Apache-2.0
"""The command ``faafo``: fractals from a terminal, by the public client."""
