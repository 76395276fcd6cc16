"""The companions of one call through a graph: its id, its predictor, its time limits and its trace."""
