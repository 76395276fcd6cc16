"""The end of a server without a lost call: GOAWAY, held responses, and leaving a port to other workers.

Only `transport` and `server` import this folder. Everything runs on the main thread while the server stops,
but for the handover, which has a thread of its own.
"""
