# SPDX-License-Identifier: Apache-2.0
"""The web interface: pages rendered on the server, usable without JavaScript."""
