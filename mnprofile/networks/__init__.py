"""Everything that builds a graph: tables, blocks, width rules, the catalog."""
