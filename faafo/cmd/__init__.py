"""The commands: one thin ``main`` each, which puts the parts together."""
