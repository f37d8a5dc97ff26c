# SPDX-License-Identifier: Apache-2.0
"""The model: fractals, tiles and palettes, without I/O and numba."""
