"""Activation memory: what lives at each step, and blocks run in groups."""
