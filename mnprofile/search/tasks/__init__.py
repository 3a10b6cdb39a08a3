"""Work that must run something for each configuration: tasks, and what runs them."""
