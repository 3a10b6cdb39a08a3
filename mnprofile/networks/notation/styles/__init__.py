"""How papers print a table: one file per style, found by its headers."""
