"""The layer graph, its operators, and the arithmetic they share."""
