"""Budgets: reading them, and holding networks to them."""
