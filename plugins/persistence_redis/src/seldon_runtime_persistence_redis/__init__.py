"""Keeps the state of components of the seldon runtime in Redis."""
