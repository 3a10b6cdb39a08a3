"""Read a ``tabular`` in a LaTeX file as a table."""
