"""What the nodes of a graph run: built-in nodes, classes with raw methods, and nodes elsewhere."""
