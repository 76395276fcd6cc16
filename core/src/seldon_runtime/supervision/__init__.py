"""Supervision of worker processes: starting, watching, restarting and stopping them.

Runs on the main thread of the supervisor, and of each worker for its end of the channel.
"""
