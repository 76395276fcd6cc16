"""The proxy before TensorFlow Serving, before a stand-in that speaks its public protocol."""

from __future__ import annotations

import importlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessages
from grpc_tools import protoc
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.support.paths import EXAMPLES

EXAMPLE = EXAMPLES / "tfserving_proxy"
DTYPES = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The messages as any client would have them, made from the source, in a pool of their own: those of
    TensorFlow Serving have the same names."""
    include = Path(protoc.__file__).with_name("_proto")
    compiled = tmp_path_factory.mktemp("generated") / "descriptors.binpb"
    arguments = [f"-I{EXAMPLE}", f"-I{include}", "--include_imports", f"--descriptor_set_out={compiled}"]
    assert protoc.main(["protoc", *arguments, "tfserving.proto"]) == 0
    descriptors = FileDescriptorSet.FromString(compiled.read_bytes())
    classes = GetMessages(descriptors.file, DescriptorPool())
    messages = {name.rpartition(".")[2]: message for name, message in classes.items()}
    return SimpleNamespace(**messages, descriptors=descriptors)


@pytest.fixture(scope="module")
def example() -> Iterator[Any]:
    """The example's own modules."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        yield importlib.import_module("messages"), importlib.import_module("tensors")
    finally:
        sys.path.remove(str(EXAMPLE))
        for name in ("messages", "tensors"):
            del sys.modules[name]


class HalfPlusTwo:
    """The stand-in: one model with one signature, in the ways that TensorFlow Serving has."""

    def __init__(self, messages: Any) -> None:
        self.messages = messages
        self.asked: list[Any] = []
        self.server = grpc.server(ThreadPoolExecutor(2))
        handler = grpc.unary_unary_rpc_method_handler(
            self.predict, messages.PredictRequest.FromString, messages.PredictResponse.SerializeToString
        )
        service = grpc.method_handlers_generic_handler(
            "tensorflow.serving.PredictionService", {"Predict": handler}
        )
        self.server.add_generic_rpc_handlers((service,))
        self.grpc_port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = stand_in.answer(self.path, question)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()
        self.rest_port = self.http.server_port

    def predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.asked.append(request)
        tensor = request.inputs["x"]
        if request.model_spec.name != "half_plus_two":
            context.abort(grpc.StatusCode.NOT_FOUND, f"Servable not found: {request.model_spec.name}")
        if tensor.dtype != 1:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"Expects arg[0] to be float, not {tensor.dtype}")
        x = np.frombuffer(tensor.tensor_content, "<f4")
        answer = self.messages.PredictResponse(model_spec=request.model_spec)
        y = answer.outputs["y"]
        y.dtype, y.float_val[:] = 1, x / 2 + 2  # TensorFlow Serving answers small tensors in this form
        y.tensor_shape.CopyFrom(tensor.tensor_shape)
        return answer

    def answer(self, path: str, question: dict[str, Any]) -> tuple[int, Any]:
        self.asked.append((path, question))
        if path != "/v1/models/half_plus_two:predict":
            return 404, {"error": "Malformed request"}
        if "instances" in question:
            return 200, {"predictions": (np.array(question["instances"]) / 2 + 2).tolist()}
        x = question["inputs"]["x"] if isinstance(question["inputs"], dict) else question["inputs"]
        return 200, {"outputs": (np.array(x) / 2 + 2).tolist()}

    def stop(self) -> None:
        self.server.stop(None).wait()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def stand_in(generated: Any) -> Iterator[HalfPlusTwo]:
    server = HalfPlusTwo(generated)
    yield server
    server.stop()


@pytest.fixture
def proxy(seldon_run: Callable[..., Any]) -> Callable[..., Any]:
    """A running proxy with these parameters."""

    def start(**given: str) -> Any:
        parameters = [{"name": name, "value": value, "type": "STRING"} for name, value in given.items()]
        return seldon_run(
            *("TfServingProxy", "REST", "--parameters", json.dumps(parameters)),
            folder=EXAMPLE,
            env={"PYTHONDONTWRITEBYTECODE": "1", "no_proxy": "127.0.0.1"},
        )

    return start


ARRAY = {"data": {"names": ["a"], "ndarray": [[1.0], [2.0]]}}


def test_arrays_are_asked_over_grpc(proxy: Callable[..., Any], stand_in: HalfPlusTwo) -> None:
    server = proxy(
        grpc_endpoint=f"127.0.0.1:{stand_in.grpc_port}",
        model_name="half_plus_two",
        model_input="x",
        model_output="y",
        signature_name="half",
    )
    assert server.post("/predict", ARRAY).json["data"] == {"names": ["t:0"], "ndarray": [[2.5], [3.0]]}
    (asked,) = stand_in.asked
    assert (asked.model_spec.name, asked.model_spec.signature_name) == ("half_plus_two", "half")
    assert list(asked.output_filter) == ["y"]
    refused = server.post("/predict", {"data": {"ndarray": [["text"]]}})
    assert refused.status == 502
    assert "Expects arg[0] to be float" in refused.info
    stand_in.server.stop(None).wait()
    assert server.post("/predict", ARRAY).status == 503


def test_arrays_and_json_are_asked_over_rest(proxy: Callable[..., Any], stand_in: HalfPlusTwo) -> None:
    endpoint = f"127.0.0.1:{stand_in.rest_port}"
    server = proxy(rest_endpoint=endpoint, model_name="half_plus_two")
    assert server.post("/predict", ARRAY).json["data"]["ndarray"] == [[2.5], [3.0]]
    question = {"instances": [1.0], "signature_name": "other"}
    assert server.post("/predict", {"jsonData": question}).json["jsonData"] == {"predictions": [2.5]}
    path = "/v1/models/half_plus_two:predict"
    assert stand_in.asked == [
        (path, {"signature_name": "serving_default", "instances": [[1.0], [2.0]]}),
        (path, question),
    ]
    named = proxy(
        rest_endpoint=f"http://{endpoint}/", model_name="half_plus_two", model_input="x", model_output="y"
    )
    assert named.post("/predict", ARRAY).json["data"]["ndarray"] == [[2.5], [3.0]]
    assert stand_in.asked[-1][1]["inputs"] == {"x": [[1.0], [2.0]]}
    missing = proxy(rest_endpoint=endpoint, model_name="no_such")
    refused = missing.post("/predict", ARRAY)
    assert (refused.status, "Malformed request" in refused.info) == (502, True)
    stand_in.http.shutdown()
    stand_in.http.server_close()
    assert missing.post("/predict", ARRAY).status in (502, 503)


@pytest.mark.parametrize("given", [{"model_name": "m"}, {"model_name": "m", "grpc_endpoint": "h:1"}])
def test_missing_parameters_stop_the_start(seldon_run: Callable[..., Any], given: dict[str, str]) -> None:
    parameters = [{"name": name, "value": value, "type": "STRING"} for name, value in given.items()]
    words = ("TfServingProxy", "REST", "--parameters", json.dumps(parameters))
    server = seldon_run(*words, folder=EXAMPLE, wait=False, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert server.wait() == 3
    assert "must be given" in server.log


def test_the_compiled_messages_are_those_of_the_source(generated: Any, example: Any) -> None:
    messages, _ = example
    assert FileDescriptorSet.FromString(messages.COMPILED.read_bytes()) == generated.descriptors


@given(data=st.data())
def test_an_array_survives_the_way_to_a_tensor_and_back(data: st.DataObject, example: Any) -> None:
    dtype = np.dtype(data.draw(st.sampled_from(DTYPES)))
    array = data.draw(arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0, max_dims=3)))
    _, tensors = example
    back = tensors.to_array(tensors.to_tensor(array))
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(back, array)


def test_texts_survive_and_other_types_are_refused(example: Any) -> None:
    _, tensors = example
    assert tensors.to_array(tensors.to_tensor([["a", "ö"]])).tolist() == [["a", "ö"]]
    with pytest.raises(ValueError, match="complex"):
        tensors.to_tensor(np.array([1j]))


def test_a_tensor_with_one_value_for_all_is_filled_with_it(example: Any) -> None:
    messages, tensors = example
    given_once = messages.TensorProto(dtype=3, tensor_shape={"dim": [{"size": 2}, {"size": 2}]}, int_val=[7])
    assert tensors.to_array(given_once).tolist() == [[7, 7], [7, 7]]
    with pytest.raises(ValueError, match="type 99"):
        tensors.to_array(messages.TensorProto(dtype=99))


def test_the_real_messages_read_what_the_proxy_writes(example: Any) -> None:
    predict_pb2 = pytest.importorskip(
        "tensorflow_serving.apis.predict_pb2", reason="TensorFlow is only in the environment of tox's keras"
    )
    import tensorflow as tf

    messages, tensors = example
    request = messages.PredictRequest(model_spec={"name": "m", "signature_name": "s"}, output_filter=["y"])
    request.inputs["x"].CopyFrom(tensors.to_tensor(np.array([[1.5, 2.5]])))
    real = predict_pb2.PredictRequest.FromString(request.SerializeToString())
    assert (real.model_spec.name, real.model_spec.signature_name, list(real.output_filter)) == (
        "m",
        "s",
        ["y"],
    )
    np.testing.assert_array_equal(tf.make_ndarray(real.inputs["x"]), [[1.5, 2.5]])
    answer = predict_pb2.PredictResponse()
    for dtype in ("float32", "int32", "int64", "bool", "uint8"):
        answer.outputs[dtype].CopyFrom(tf.make_tensor_proto(np.ones((2, 2), dtype)))
    answer.outputs["text"].CopyFrom(tf.make_tensor_proto(["a", "b"]))
    read = messages.PredictResponse.FromString(answer.SerializeToString())
    for name, tensor in read.outputs.items():
        np.testing.assert_array_equal(
            tensors.to_array(tensor), ["a", "b"] if name == "text" else np.ones((2, 2))
        )
