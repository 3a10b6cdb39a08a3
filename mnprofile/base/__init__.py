"""What all other packages build on: errors, units, escaping, files, sheets."""
