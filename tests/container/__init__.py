"""The container image, built and run for real: see ``make test-container``."""
