"""What a row of a table stands for: one file per block, each says how it is built."""
