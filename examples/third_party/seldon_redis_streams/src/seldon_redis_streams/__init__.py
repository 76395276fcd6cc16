"""A transport of the Seldon runtime that takes its requests from a Redis stream."""
