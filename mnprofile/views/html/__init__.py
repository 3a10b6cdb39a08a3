"""Pages and their panels."""
