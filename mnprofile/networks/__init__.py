"""Everything that makes a graph: tables, blocks, width rules, the catalog."""
