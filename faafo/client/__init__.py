"""The HTTP client of faafo's own API."""
