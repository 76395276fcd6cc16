"""V2 by gRPC: the service of the plugin behind the gRPC transport."""

from __future__ import annotations

import subprocess
import sys

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from seldon_runtime.testing import WAIT_S, Served
from seldon_runtime.testing.served import LOCAL
from seldon_runtime_v2.grpc.protos import inference_pb2 as messages
from seldon_runtime_v2.plugin import V2Plugin

SERVICE = "inference.GRPCInferenceService"
TENSOR = {"name": "x", "datatype": "FP32", "shape": [-1, 2]}


class Model:
    def predict(self, X, names):
        if X.size > 4:
            raise ValueError("too many")
        return X

    def init_metadata(self):
        return {
            "versions": ["1"],
            "platform": "numpy",
            "inputs": [TENSOR],
            "outputs": [TENSOR],
            "custom": {"a": "b"},
        }


class Client:
    def __init__(self, served):
        self.served = served
        target = served.address.partition("://")[2]
        self.channel = grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)])

    def __call__(self, rpc, **members):
        kind = getattr(messages, f"{rpc}Response")
        return kind.FromString(self.send(rpc, getattr(messages, f"{rpc}Request")(**members)))

    def send(self, rpc, request):
        data = request if isinstance(request, bytes) else request.SerializeToString()
        return self.channel.unary_unary(f"/{SERVICE}/{rpc}")(data, timeout=WAIT_S)

    def code(self, rpc, **members):
        with pytest.raises(grpc.RpcError) as caught:
            self(rpc, **members)
        assert caught.value.details()
        return caught.value.code()


@pytest.fixture
def asks():
    clients = []

    def asks(user):
        plugin = V2Plugin()
        words = (*LOCAL, "--v2-model-name", "m")
        served = Served("grpc", user, words, extensions=[plugin])
        clients.append(Client(served.start()))
        return clients[-1]

    yield asks
    for client in clients:
        client.channel.close()
        client.served.stop()


@pytest.fixture
def ask(asks):
    return asks(Model())


@pytest.fixture
def infer(ask, asked):
    """Infer ``count`` rows of two; return the answer."""

    def infer(count, **members):
        request = asked("FP32", [0.5] * 2 * count, [count, 2], model_name="m", **members)
        return messages.ModelInferResponse.FromString(ask.send("ModelInfer", request))

    return infer


def test_server_and_model_tell_of_themselves(ask):
    assert ask("ServerLive").live
    assert ask("ServerReady").ready
    assert ask("ModelReady", name="m", version="1").ready
    server = ask("ServerMetadata")
    assert (server.name, server.version) == ("seldon-runtime", "0.1.0")
    assert "model_repository" in server.extensions
    model = ask("ModelMetadata", name="m")
    assert (model.name, list(model.versions), model.platform) == ("m", ["1"], "numpy")
    assert (model.inputs[0].name, model.inputs[0].datatype, list(model.inputs[0].shape)) == (
        *("x", "FP32"),
        [-1, 2],
    )
    assert dict(model.properties) == {"a": "b"}


def test_a_server_that_is_not_ready_says_so_and_lives(ask):
    ask.served.service.ready = False
    assert ask("ServerLive").live
    assert not ask("ServerReady").ready
    assert not ask("ModelReady", name="m").ready


@pytest.mark.parametrize("rpc", ["ModelReady", "ModelMetadata", "ModelConfig", "ModelStatistics"])
def test_another_model_or_version_is_not_found(ask, rpc):
    assert ask.code(rpc, name="n") is grpc.StatusCode.NOT_FOUND
    assert ask.code(rpc, name="m", version="2") is grpc.StatusCode.NOT_FOUND


def test_an_inference_and_its_faults(ask, infer):
    answer = infer(2, id="7")
    assert (answer.model_name, answer.model_version, answer.id) == ("m", "1", "7")
    assert list(answer.outputs[0].contents.fp32_contents) == [0.5] * 4
    for count, code in [(3, grpc.StatusCode.INTERNAL), (0, None)]:
        if code is None:
            assert list(infer(count).outputs[0].shape) == [0, 2]
            continue
        with pytest.raises(grpc.RpcError) as caught:
            infer(count)
        assert caught.value.code() is code
    assert ask.code("ModelInfer", model_name="m") is grpc.StatusCode.INVALID_ARGUMENT
    assert ask.code("ModelInfer", model_name="n") is grpc.StatusCode.NOT_FOUND


def test_statistics_count_inferences(ask, infer):
    infer(2)
    with pytest.raises(grpc.RpcError):
        infer(3)
    (only,) = ask("ModelStatistics").model_stats
    assert (only.name, only.version, only.inference_count, only.execution_count) == ("m", "1", 2, 1)
    assert only.inference_stats.success.count == only.inference_stats.fail.count == 1
    assert only.inference_stats.success.ns > 0
    assert [each.batch_size for each in only.batch_stats] == [2]


def test_the_configuration_has_the_tensors(ask):
    config = ask("ModelConfig", name="m").config
    assert (config.name, config.platform, config.max_batch_size) == ("m", "numpy", 0)
    assert [(each.name, each.data_type, list(each.dims)) for each in config.input] == [
        ("x", messages.TYPE_FP32, [-1, 2])
    ]


def test_the_repository_has_the_model_and_neither_alters_nor_unloads_it(ask):
    (only,) = ask("RepositoryIndex").models
    assert (only.name, only.version, only.state) == ("m", "1", "READY")
    ask("RepositoryModelLoad", model_name="m")
    assert ask.code("RepositoryModelLoad", model_name="n") is grpc.StatusCode.NOT_FOUND
    config = {"config": messages.ModelRepositoryParameter(string_param="{}")}
    assert (
        ask.code("RepositoryModelLoad", model_name="m", parameters=config) is grpc.StatusCode.INVALID_ARGUMENT
    )
    assert ask.code("RepositoryModelUnload", model_name="m") is grpc.StatusCode.UNAVAILABLE


def test_invalid_and_large_requests_of_small_rpcs_are_refused(ask):
    for request in (b"\x0a\xff", b"\x0a\xff\xff\x7f" + b"m" * 100_000):
        with pytest.raises(grpc.RpcError) as caught:
            ask.send("ModelMetadata", request)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_stream_goes_on_after_an_error(ask, asked):
    requests = [asked("FP32", [0.5, 1], [1, 2], model_name=name, id=name) for name in ("m", "n", "m")]
    rpc = ask.channel.stream_stream(
        f"/{SERVICE}/ModelStreamInfer", lambda request: request.SerializeToString()
    )
    answers = [
        messages.ModelStreamInferResponse.FromString(each) for each in rpc(iter(requests), timeout=WAIT_S)
    ]
    assert [bool(answer.error_message) for answer in answers] == [False, True, False]
    assert [answer.infer_response.id for answer in answers] == ["m", "n", "m"]
    assert all(answer.infer_response.parameters["triton_final_response"].bool_param for answer in answers)


class Steps:
    def predict(self, X, names):
        for row in X:
            yield row * 2


def test_a_generator_answers_a_stream_with_several_responses(asks, asked):
    ask = asks(Steps())
    rpc = ask.channel.stream_stream(
        f"/{SERVICE}/ModelStreamInfer", lambda request: request.SerializeToString()
    )
    request = asked("FP32", [0.5, 1, 2, 3], [2, 2], model_name="m", id="i")
    answers = [
        messages.ModelStreamInferResponse.FromString(each) for each in rpc(iter([request]), timeout=WAIT_S)
    ]
    finals = [one.infer_response.parameters["triton_final_response"].bool_param for one in answers]
    assert finals == [False, False, True]
    assert [len(one.infer_response.outputs) for one in answers] == [1, 1, 0]
    assert {one.infer_response.id for one in answers} == {"i"}


def test_reflection_describes_the_service_and_health_answers_for_the_model(ask):
    database = ProtoReflectionDescriptorDatabase(ask.channel)
    assert SERVICE in database.get_services()
    service = DescriptorPool(database).FindServiceByName(SERVICE)
    assert service.methods_by_name["ModelInfer"].input_type.full_name == "inference.ModelInferRequest"
    assert sorted(service.methods_by_name) == sorted(
        messages.DESCRIPTOR.services_by_name["GRPCInferenceService"].methods_by_name
    )
    stub = health_pb2_grpc.HealthStub(ask.channel)
    for name in (SERVICE, "m"):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=WAIT_S)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_the_messages_are_apart_from_those_of_another_package_in_the_process():
    code = (
        "from google.protobuf import descriptor_pb2, descriptor_pool\n"
        "file = descriptor_pb2.FileDescriptorProto(name='grpc_service.proto', package='inference')\n"
        "file.message_type.add(name='ModelInferRequest')\n"
        "descriptor_pool.Default().AddSerializedFile(file.SerializeToString())\n"
        "from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest\n"
        "assert ModelInferRequest(id='x').id == 'x'\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.parametrize("rows", [2, 0])
def test_the_statistics_of_a_stream_can_be_written(asks, asked, rows):
    class Yields(Model):
        def predict(self, X, names):
            yield from (X[row : row + 1] for row in range(len(X)))

    ask = asks(Yields())
    rpc = ask.channel.stream_stream(
        f"/{SERVICE}/ModelStreamInfer", lambda request: request.SerializeToString()
    )
    request = asked("FP32", [0.5] * 2 * rows, [rows, 2], model_name="m")
    assert len(list(rpc(iter([request]), timeout=WAIT_S))) == rows + 1
    (only,) = ask("ModelStatistics").model_stats
    assert (only.execution_count, only.inference_stats.success.count) == (1, 1)
    assert ask("ModelConfig", name="m").config.model_transaction_policy.decoupled
