"""Batches: waiting calls of one group, answered together by a plugin's batcher."""
