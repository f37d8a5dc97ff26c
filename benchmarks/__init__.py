"""What measures speed: ``python -m benchmarks``; see README.rst."""
