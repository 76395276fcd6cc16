"""The things that nodes run: built-in nodes, classes with raw methods, and nodes elsewhere."""
