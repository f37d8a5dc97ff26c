"""The worker: renders what it is called for, and stores the image."""
