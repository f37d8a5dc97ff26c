"""The producer: generates fractals, and dispatches what is queued to workers."""
