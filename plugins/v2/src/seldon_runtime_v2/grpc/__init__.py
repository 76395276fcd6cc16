"""V2 over gRPC: the service, its messages, the codec, and the reading and writing of tensors."""
