"""Other ways to a graph than a table: PyTorch networks and model files."""
