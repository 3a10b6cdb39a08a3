"""What profilers count, and the real network that they run."""
