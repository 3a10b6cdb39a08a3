"""A printed table to typed rows."""
