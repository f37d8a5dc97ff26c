# SPDX-License-Identifier: Apache-2.0
"""The commands: one thin ``main`` each, which puts the parts together."""
