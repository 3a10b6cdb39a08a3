"""What papers and model zoos print, and how it compares."""
