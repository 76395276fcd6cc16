"""The messages of ``tensor.proto``; the stub beside this module tells their fields."""

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from seldon_runtime_grpc.protos.pool import contents, source

DESCRIPTOR = source("tensor.proto")
globals().update(contents(DESCRIPTOR))
DataType = EnumTypeWrapper(DESCRIPTOR.enum_types_by_name["DataType"])
globals().update(DataType.items())
