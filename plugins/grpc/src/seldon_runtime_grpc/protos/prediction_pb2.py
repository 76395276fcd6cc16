"""The messages of ``prediction.proto``; the stub beside this module tells their fields."""

from seldon_runtime_grpc.protos.pool import contents, source

DESCRIPTOR = source("prediction.proto")
globals().update(contents(DESCRIPTOR))
