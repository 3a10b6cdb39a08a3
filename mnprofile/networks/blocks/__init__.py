"""Typed rows to operators, one file per block."""
