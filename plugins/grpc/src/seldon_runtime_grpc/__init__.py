"""The gRPC transport of the seldon runtime: grpcio's thread-based server, its own messages."""
