"""The interface of transport plugins, and their listening sockets.

The life cycle of the process calls transports on the main thread.
"""
