"""The gRPC transport of the Seldon runtime, on grpcio's thread-based server.

`plugin` has the hooks, `transport` the life of the server, and `extension` is the public module for plugins
that serve RPCs of their own. Other distributions import `extension` and `protos` only.
"""
