# SPDX-License-Identifier: Apache-2.0
"""Rendering: escape counts and pictures; numba compiles the kernel."""
