"""Families, series and the in-memory store of their numbers.

Every other package of the plugin imports it. Series are updated on the threads that finish calls, and
collected on the threads of the page's server; ``Store.lock`` separates the two.
"""
