"""Compressed bodies of requests, and the compression of responses."""
