"""Calls of a user's object without a server: its methods, whole requests, and the answers to them."""
