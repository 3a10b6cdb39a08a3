"""What everything rests on: errors, units, escaping, files, sheets."""
