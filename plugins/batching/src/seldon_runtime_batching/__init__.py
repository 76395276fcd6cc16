"""Batches for components: the rows of waiting calls become one array, and one call of the user's method."""
