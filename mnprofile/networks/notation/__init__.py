"""Read a printed table into typed rows."""
