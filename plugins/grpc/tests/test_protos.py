"""The message classes: like the recorded ones on the wire, apart from everybody else's in the process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from seldon_runtime_grpc.protos import prediction_pb2, tensor_pb2

GRPC = Path(__file__).parent.parent
RECORDED = GRPC.parent.parent / "tests" / "conformance" / "prediction.binpb"
COMMITTED = GRPC / "src" / "seldon_runtime_grpc" / "protos" / "descriptors.binpb"
MESSAGE, MESSAGE_LIST = ".seldon.protos.SeldonMessage", ".seldon.protos.SeldonMessageList"
STREAMS = {
    **{f"{service}/PredictStream": MESSAGE for service in ("Model", "Seldon")},
    **{f"{service}/TransformInputStream": MESSAGE for service in ("Generic", "Transformer")},
    **{f"{service}/TransformOutputStream": MESSAGE for service in ("Generic", "OutputTransformer")},
    **{f"{service}/AggregateStream": MESSAGE_LIST for service in ("Generic", "Combiner")},
}
"""The request of each RPC that is an addition to the protocol."""


def facts(files):
    """Everything that two programs must agree on, by name."""
    found = {}

    def add_enum(prefix, enum):
        found.update({f"{prefix}.{enum.name}.{value.name}": value.number for value in enum.value})

    def add_message(prefix, message):
        name = f"{prefix}.{message.name}"
        found[name] = message.options.map_entry
        for field in message.field:
            oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None
            found[f"{name}.{field.name}"] = (field.number, field.type, field.label, field.type_name, oneof)
        for nested in message.nested_type:
            add_message(name, nested)
        for enum in message.enum_type:
            add_enum(name, enum)

    for file in files:
        for message in file.message_type:
            add_message(file.package, message)
        for enum in file.enum_type:
            add_enum(file.package, enum)
        for service in file.service:
            for method in service.method:
                streaming = (method.client_streaming, method.server_streaming)
                found[f"{service.name}/{method.name}"] = (method.input_type, method.output_type, streaming)
    return found


def files_in(path, *packages):
    files = FileDescriptorSet.FromString(path.read_bytes()).file
    return [file for file in files if file.package in packages]


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded descriptor stands in the repository only")
def test_the_protocol_is_the_recorded_one_and_streams():
    recorded = facts(files_in(RECORDED, "seldon.protos"))
    assert len(recorded) > 100
    streams = {name: (request, MESSAGE, (False, True)) for name, request in STREAMS.items()}
    assert facts(files_in(COMMITTED, "seldon.protos")) == recorded | streams


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded descriptor stands in the repository only")
def test_what_is_known_of_tensorflow_is_as_recorded():
    recorded = facts(files_in(RECORDED, "tensorflow"))
    ours = facts(files_in(COMMITTED, "tensorflow"))
    assert {name: recorded.get(name) for name in ours} == ours
    assert not [name for name in recorded if "TensorProto" in name and name not in ours]


@pytest.mark.parametrize(
    ("folder", "distribution"),
    [("seldon_runtime_grpc/protos", GRPC), ("seldon_runtime_v2/grpc/protos", GRPC.parent / "v2")],
    ids=["v1", "v2"],
)
def test_what_is_compiled_is_what_the_sources_say(tmp_path, monkeypatch, folder, distribution):
    pytest.importorskip("grpc_tools")
    place = distribution / "src" / folder
    if not place.exists():
        pytest.skip("the sources of V2 stand in the repository only")
    monkeypatch.syspath_prepend(str(GRPC))
    from compile_protos import compile_into

    packages = ("seldon.protos", "tensorflow", "inference")
    fresh = files_in(compile_into(tmp_path, folder), *packages)
    assert fresh
    assert fresh == files_in(place / "descriptors.binpb", *packages), "stale: run tox run -e protos"
    for stub in tmp_path.rglob("*.pyi"):
        assert set(definitions(stub)) == set(definitions(place / stub.name)), "stale: run tox run -e protos"


@pytest.mark.parametrize("copied", [True, False])
def test_the_sources_compile_in_any_folder(tmp_path, copied):
    pytest.importorskip("grpc_tools")
    sources = COMMITTED.parent
    if copied:
        sources = tmp_path / "sources"
        sources.mkdir()
        for source in COMMITTED.parent.glob("*.proto"):
            shutil.copy(source, sources)
    words = [f"-I{sources}", "--python_out=.", "--grpc_python_out=.", "prediction.proto", "tensor.proto"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *words], cwd=tmp_path, check=True)
    program = "import prediction_pb2_grpc, prediction_pb2; prediction_pb2.SeldonMessage(strData='x')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


def definitions(stub):
    return [line for line in stub.read_text().splitlines() if "class " in line or "FIELD_NUMBER" in line]


@pytest.mark.parametrize("module", [prediction_pb2, tensor_pb2])
def test_a_module_defines_what_its_stub_promises(module):
    stub = Path(module.__file__).with_suffix(".pyi").read_text()
    names = [line.split("(")[0].split()[1] for line in stub.splitlines() if line.startswith("class ")]
    names += [line.split(":")[0] for line in stub.splitlines() if line[:1].isupper() and ": " in line]
    assert len(names) > 4
    assert [name for name in names if not hasattr(module, name)] == []


def test_well_known_types_have_their_helpers():
    message = prediction_pb2.SeldonMessage()
    message.data.ndarray.extend([1, [True, "x", None]])
    message.meta.tags["a"].struct_value["b"] = 2
    assert message.data.ndarray[1][1] == "x"
    message.customData.Pack(prediction_pb2.Tensor(shape=[1]))
    assert message.customData.Is(prediction_pb2.Tensor.DESCRIPTOR)


CONFLICT = """
from google.protobuf import descriptor_pb2, descriptor_pool

def occupy():
    for path in ("prediction.proto", "proto/prediction.proto", "tensor.proto", *OURS):
        file = descriptor_pb2.FileDescriptorProto(name=path, package="p" + str(hash(path) % 10**9))
        file.message_type.add(name="SeldonMessage").field.add(name="other", number=3, type=5, label=1)
        descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    file = descriptor_pb2.FileDescriptorProto(name="theirs.proto", package="seldon.protos")
    file.message_type.add(name="SeldonMessage").field.add(name="other", number=3, type=5, label=1)
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    file = descriptor_pb2.FileDescriptorProto(name="tf.proto", package="tensorflow")
    file.message_type.add(name="TensorProto").field.add(name="dtype", number=1, type=9, label=1)
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())

OURS = ["seldon_runtime_grpc/protos/prediction.proto", "seldon_runtime_grpc/protos/tensor.proto"]
FIRST
import seldon_runtime_grpc.transport
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from seldon_runtime_grpc.protos.tensor_pb2 import TensorProto
SECOND
theirs = descriptor_pool.Default().FindMessageTypeByName("seldon.protos.SeldonMessage")
assert [field.name for field in theirs.fields] == ["other"]
message = SeldonMessage(strData="ours")
message.data.tftensor.CopyFrom(TensorProto(dtype=1))
assert SeldonMessage.FromString(message.SerializeToString()) == message
"""


@pytest.mark.parametrize("order", [("occupy()", ""), ("", "occupy()")], ids=["theirs first", "ours first"])
def test_other_packages_may_have_files_and_messages_of_the_same_names(order):
    code = CONFLICT.replace("FIRST", order[0]).replace("SECOND", order[1])
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_of_tensorflow_and_no_generated_message_is_imported():
    code = (
        "import sys, seldon_runtime_grpc.v1.codec\n"
        "assert 'tensorflow' not in sys.modules\n"
        "assert not [m for m in sys.modules if m.endswith('_pb2') and 'seldon' not in m"
        " and m != 'google.protobuf.descriptor_pb2'], sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
