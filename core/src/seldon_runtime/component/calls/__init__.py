"""Calls of the methods that a class defines. The adapter of a user's object calls it."""
