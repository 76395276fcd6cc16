"""The pages that Prometheus scrapes, and the transport that serves them.

Only ``assembly`` imports it. It runs on threads of its own: an acceptor, and a thread for each
open connection.
"""
