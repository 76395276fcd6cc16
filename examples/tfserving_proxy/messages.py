"""The messages of tfserving.proto, in a descriptor pool of their own: they clash with nobody's TensorFlow."""

from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

HERE = Path(__file__).resolve().parent
COMPILED = HERE / "tfserving.binpb"
METHOD = "/tensorflow.serving.PredictionService/Predict"


def compile_proto():
    """Write tfserving.binpb anew; needs grpcio-tools."""
    from grpc_tools import protoc

    include = Path(protoc.__file__).with_name("_proto")
    arguments = [f"-I{HERE}", f"-I{include}", "--include_imports", f"--descriptor_set_out={COMPILED}"]
    if protoc.main(["protoc", *arguments, "tfserving.proto"]):
        raise SystemExit("tfserving.proto does not compile")


if __name__ == "__main__":
    compile_proto()
else:
    pool = DescriptorPool()
    for file in FileDescriptorSet.FromString(COMPILED.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    PredictRequest, PredictResponse, TensorProto = (
        GetMessageClass(pool.FindMessageTypeByName(f"tensorflow.serving.{name}"))
        for name in ("PredictRequest", "PredictResponse", "TensorProto")
    )
