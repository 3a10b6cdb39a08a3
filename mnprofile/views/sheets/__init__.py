"""One module per result: its rows, columns and notes."""
