"""Stubs and servicers of ``prediction_pb2_grpc``, and the gRPC server of ``wrapper``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from seldon_core import wrapper
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_core.metrics import SeldonMetrics, create_counter
from seldon_core.proto import prediction_pb2 as pb
from seldon_core.proto import prediction_pb2_grpc as rpcs
from seldon_core.user_model import SeldonResponse
from seldon_runtime.testing import WAIT_S

Served = Callable[..., grpc.Channel]
TEXT = pb.SeldonMessage(strData="x")


class Echo:
    """Answers with what it receives."""

    def predict(self, X: Any, names: Any) -> Any:
        return SeldonResponse(X, metrics=[create_counter("calls", 1)])

    def aggregate(self, Xs: Any, names: Any) -> Any:
        return "".join(Xs)

    def route(self, X: Any, names: Any) -> int:
        return 1

    def send_feedback(self, *arguments: Any, routing: Any = None) -> None:
        return None

    def init_metadata(self) -> dict[str, Any]:
        return {"name": "echo"}


class Failing:
    """Fails in two ways."""

    def predict(self, X: Any, names: Any) -> Any:
        raise SeldonMicroserviceException("no entry", status_code=403, reason="WHY")

    def transform_input(self, X: Any, names: Any) -> Any:
        raise ValueError("boom")


@pytest.fixture
def served() -> Iterator[Served]:
    """Starts the server of a component, and returns a channel to it."""
    with ExitStack() as stack:

        def start(user: object, *arguments: Any, **options: Any) -> grpc.Channel:
            server = wrapper.get_grpc_server(user, *arguments, **options)
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()
            stack.callback(lambda: server.stop(None).wait(WAIT_S))
            return stack.enter_context(grpc.insecure_channel(f"127.0.0.1:{port}"))

        yield start


def test_every_service_answers_by_its_stub_and_metrics_count(served: Served) -> None:
    metrics = SeldonMetrics()
    channel = served(Echo(), metrics)
    model, seldon = rpcs.ModelStub(channel), rpcs.SeldonStub(channel)
    assert model.Predict(TEXT, timeout=WAIT_S).strData == "x"
    assert seldon.Predict(TEXT, timeout=WAIT_S).strData == "x"
    assert rpcs.GenericStub(channel).TransformInput(TEXT, timeout=WAIT_S).strData == "x"
    assert rpcs.TransformerStub(channel).TransformInput(TEXT, timeout=WAIT_S).strData == "x"
    assert rpcs.OutputTransformerStub(channel).TransformOutput(TEXT, timeout=WAIT_S).strData == "x"
    both = pb.SeldonMessageList(seldonMessages=[TEXT, TEXT])
    assert rpcs.CombinerStub(channel).Aggregate(both, timeout=WAIT_S).strData == "xx"
    array = pb.SeldonMessage(data=pb.DefaultData(tensor=pb.Tensor(shape=[1, 1], values=[1])))
    assert rpcs.RouterStub(channel).Route(array, timeout=WAIT_S).data.tensor.values[:] == [1.0]
    model.SendFeedback(pb.Feedback(request=array, reward=0.5), timeout=WAIT_S)
    assert model.Metadata(Empty(), timeout=WAIT_S).name == "echo"
    assert seldon.ModelMetadata(pb.SeldonModelMetadataRequest(), timeout=WAIT_S).name == "echo"
    page = metrics.generate_metrics()[0]
    counted = {line.partition("{")[0]: line.rpartition(" ")[2] for line in page.splitlines()}
    assert (counted["calls_total"], counted["seldon_api_model_feedback_reward_total"]) == ("2.0", "0.5")


@pytest.mark.parametrize(
    ("call", "code", "details"),
    [
        (lambda c: rpcs.ModelStub(c).Predict(TEXT), grpc.StatusCode.PERMISSION_DENIED, "no entry"),
        (
            lambda c: rpcs.ModelStub(c).Predict(pb.SeldonMessage()),
            grpc.StatusCode.INVALID_ARGUMENT,
            "payload",
        ),
        (lambda c: rpcs.RouterStub(c).Route(TEXT), grpc.StatusCode.UNIMPLEMENTED, "route"),
        (lambda c: rpcs.SeldonStub(c).GraphMetadata(Empty()), grpc.StatusCode.UNIMPLEMENTED, "not a graph"),
        # what the wrapper answers, too
        (lambda c: rpcs.GenericStub(c).TransformInput(TEXT), grpc.StatusCode.UNKNOWN, "boom"),
    ],
)
def test_errors_have_their_grpc_status(
    served: Served, call: Callable[[grpc.Channel], Any], code: grpc.StatusCode, details: str
) -> None:
    with pytest.raises(grpc.RpcError) as failure:
        call(served(Failing()))
    assert failure.value.code() is code
    assert details in failure.value.details()


def test_the_annotation_limits_messages(served: Served) -> None:
    stub = rpcs.ModelStub(served(Echo(), annotations={"seldon.io/grpc-max-message-size": "100"}))
    assert stub.Predict(TEXT, timeout=WAIT_S).strData == "x"
    with pytest.raises(grpc.RpcError) as failure:
        stub.Predict(pb.SeldonMessage(strData="x" * 500), timeout=WAIT_S)
    assert failure.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_an_interceptor_sees_the_calls(served: Served) -> None:
    seen = []

    class Spy(grpc.ServerInterceptor):
        def intercept_service(self, continuation: Any, details: Any) -> Any:
            seen.append(details.method)
            return continuation(details)

    rpcs.ModelStub(served(Echo(), trace_interceptor=Spy(), num_threads=2)).Predict(TEXT, timeout=WAIT_S)
    assert seen == ["/seldon.protos.Model/Predict"]


def test_a_servicer_of_ones_own_serves_what_it_overrides() -> None:
    class Mine(rpcs.RouterServicer):  # type: ignore[misc, name-defined]
        def Route(self, request: Any, context: Any) -> Any:
            return request

    from concurrent.futures import ThreadPoolExecutor

    server = grpc.server(ThreadPoolExecutor(1))
    rpcs.add_RouterServicer_to_server(Mine(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert rpcs.RouterStub(channel).Route(TEXT, timeout=WAIT_S).strData == "x"
            with pytest.raises(grpc.RpcError) as failure:
                rpcs.RouterStub(channel).SendFeedback(pb.Feedback(), timeout=WAIT_S)
    finally:
        server.stop(None).wait(WAIT_S)
    assert failure.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert failure.value.details() == "seldon.protos.Router.SendFeedback is not implemented"
