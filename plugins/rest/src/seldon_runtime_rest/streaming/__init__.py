"""Streams of answers over HTTP: the forms of their items, their responses, and their writing."""
