"""The operators of a network, one file per kind; each says what it does and costs."""
