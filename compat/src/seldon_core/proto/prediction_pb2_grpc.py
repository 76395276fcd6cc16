"""Not there: raises ImportError with what to use instead."""

raise ImportError(
    "seldon-runtime-compat has no seldon_core.proto.prediction_pb2_grpc: make stubs of prediction.proto with "
    "grpc_tools, or ask with grpc.Channel.unary_unary and the messages of prediction_pb2"
)
