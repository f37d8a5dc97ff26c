# SPDX-License-Identifier: Apache-2.0
"""The model: what a fractal, a tile and a palette are; no I/O, no numba."""
