"""Named arrays: how a class receives and returns them. The adapter of a user's object calls it."""
