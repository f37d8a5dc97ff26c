"""The chaos suite: faults at every step, and a count of what became of every fractal."""
