"""The Kubernetes objects of a graph: of one process for all nodes, or of an image for each node."""
