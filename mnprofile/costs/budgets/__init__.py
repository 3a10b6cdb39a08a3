"""Budgets: reading them, and checking networks against them."""
