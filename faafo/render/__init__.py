"""Rendering: escape counts and pictures; numba compiles the kernel."""
