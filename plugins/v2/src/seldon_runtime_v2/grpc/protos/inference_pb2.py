"""The messages of ``inference.proto``; the stub beside this module tells their fields."""

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from seldon_runtime_grpc.protobuf import contents
from seldon_runtime_v2.grpc.protos import POOL

DESCRIPTOR = POOL.FindFileByName("seldon_runtime_v2/grpc/protos/inference.proto")
globals().update(contents(DESCRIPTOR))
DataType = EnumTypeWrapper(DESCRIPTOR.enum_types_by_name["DataType"])
globals().update(DataType.items())
