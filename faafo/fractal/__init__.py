"""The domain: what a fractal is and how it is rendered; pure, without I/O."""
