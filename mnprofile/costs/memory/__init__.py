"""Activation memory: what is live at each step, and blocks run in groups."""
