"""How papers print a table: one file per style, recognised by its headers."""
