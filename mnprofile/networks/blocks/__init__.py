"""What a row of a table describes: one file per block, which says how it is built."""
