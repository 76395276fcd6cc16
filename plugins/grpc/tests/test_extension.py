"""Services of other plugins, on the port of the gRPC transport."""

from __future__ import annotations

import http.client
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from seldon_runtime.plugin import Observer, StartupError
from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService

PAGE = Path(__file__).parents[3] / "docs" / "reference/grpc.md"
SOURCE = Path(__file__).with_name("hello.py").read_text("utf-8")
EXTENSION = "seldon_runtime.extension"
PREDICTING = """
class Shout:
    def predict(self, X, features_names):
        return X.upper()
"""


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("acme_hello", Path(__file__).with_name("hello.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hello = _module()


class Client:
    """A channel to a server."""

    def __init__(self, target: str) -> None:
        self.channel = grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)])

    def start(self, text: str, method: str = "Greet", timeout_s: float = WAIT_S, **options):
        rpc = self.channel.unary_unary(f"/acme.Hello/{method}")
        return rpc.future(hello.Greeting(text=text).SerializeToString(), timeout=timeout_s, **options)

    def greet(self, text: str) -> str:
        answered: str = hello.Greeting.FromString(self.start(text).result(WAIT_S)).text
        return answered

    def code(self, method: str) -> grpc.StatusCode:
        return self.start("x", method).code()


@pytest.fixture
def start(seldon_run, install):
    """Starts a process with the toy plugin; gives it and a client of its gRPC transport."""
    site = install("acme-hello", {EXTENSION: {"hello": "acme_hello"}}, {"acme_hello": SOURCE})
    clients = []

    def start(source, *words, env=None):
        environment = {"PYTHONPATH": str(site), **(env or {})}
        process = seldon_run("Shout", "GRPC", "--extension", "hello", *words, source=source, env=environment)
        clients.append(Client(f"127.0.0.1:{process.ports['grpc']}"))
        return process, clients[-1]

    yield start
    for client in clients:
        client.channel.close()


def test_a_service_of_a_plugin_is_served_logged_and_counted_like_the_protocols_own(start):
    pytest.importorskip("seldon_runtime_metrics")
    process, client = start(PREDICTING, "--access-log", "--metrics-port", "0", env={"METRICS": "prometheus"})
    assert client.greet("x") == "hello X"
    process.wait_for_log(r"grpc /acme\.Hello/Greet OK, waited .* \d+ bytes in, 9 out")
    connection = http.client.HTTPConnection("127.0.0.1", process.ports["metrics"], timeout=WAIT_S)
    connection.request("GET", "/metrics/all")
    page = connection.getresponse().read().decode()
    connection.close()
    assert any(
        line.startswith("seldon_runtime_calls_total{")
        and 'transport="grpc"' in line
        and line.endswith(" 1.0")
        for line in page.splitlines()
    ), page


def test_reflection_lists_and_describes_it_and_health_answers_for_its_name(start):
    _, client = start(PREDICTING)
    database = ProtoReflectionDescriptorDatabase(client.channel)
    assert "acme.Hello" in database.get_services()
    method = DescriptorPool(database).FindServiceByName("acme.Hello").methods_by_name["Greet"]
    greeting = GetMessageClass(method.input_type)
    answer = client.channel.unary_unary("/acme.Hello/Greet")(greeting(text="x").SerializeToString())
    assert greeting.FromString(answer).text == "hello X"
    request = health_pb2.HealthCheckRequest(service="acme.Hello")
    answer = health_pb2_grpc.HealthStub(client.channel).Check(request, timeout=WAIT_S)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_its_calls_have_the_limit_the_deadline_and_the_drain_of_all_calls(start, make_gate):
    gate = make_gate()
    waiting = f"""
class Shout:
    def predict(self, X, features_names):
        if X == "wait":
            {gate.pass_}
        return X.upper()
"""
    process, client = start(waiting, "--queue-size", "1")
    running = client.start("wait")
    gate.wait_until_reached()
    late = client.start("late", timeout_s=0.2)
    assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    queued = [client.start(str(number)) for number in range(3)]
    refused = [call for call in queued if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED][:1]
    assert refused
    process.terminate()
    process.wait_for_log("drain")
    gate.open()
    assert hello.Greeting.FromString(running.result(WAIT_S)).text == "hello WAIT"
    assert process.wait() == 0


QUIET = """
from seldon_runtime.plugin import Transport, hookimpl

class Quiet(Transport):
    name = "quiet"
    address = "nowhere"
    def start(self): pass
    def stop_accepting(self): pass
    def stop(self, grace_s): pass

@hookimpl
def seldon_transport(service, settings):
    return Quiet()
"""


@pytest.mark.parametrize("transport", ["rest", "quiet"])
def test_it_is_ignored_where_grpc_is_not_selected(seldon_run, install, transport):
    if transport == "rest":
        pytest.importorskip("seldon_runtime_rest")
    site = install(
        "acme-hello",
        {EXTENSION: {"hello": "acme_hello"}, "seldon_runtime.transport": {"quiet": "acme_quiet"}},
        {"acme_hello": SOURCE, "acme_quiet": QUIET},
    )
    words = ("Shout", transport, "--extension", "hello")
    process = seldon_run(*words, source=PREDICTING, env={"PYTHONPATH": str(site)})
    assert set(process.addresses) == {transport}


def test_two_plugins_with_one_service_stop_the_start_and_are_both_named(seldon_run, install):
    modules = {"acme_hello": SOURCE, "acme_again": SOURCE}
    site = install("acme-hello", {EXTENSION: {"hello": "acme_hello", "again": "acme_again"}}, modules)
    words = ("Shout", "GRPC", "--extension", "hello,again")
    process = seldon_run(*words, source=PREDICTING, env={"PYTHONPATH": str(site)}, wait=False)
    assert process.wait() == 3
    line = process.wait_for_log(".*acme.Hello.*")[0]
    assert "'hello'" in line
    assert "'again'" in line


@pytest.fixture
def serve_hello(serve):
    """Starts a transport with the toy service in this process, and gives a client."""
    return lambda *services, **options: Client(
        serve(Shout(), contributed=services or [hello.HELLO], **options).target
    )


class Shout:
    def predict(self, X, features_names):
        return X.upper()


def test_observers_see_its_calls(serve):
    class Observing(Observer):
        def call_finished(self, call, outcome):
            seen.append((call.transport, call.target, outcome.status, outcome.response_bytes))

    seen = []
    served = serve(Shout(), contributed=[hello.HELLO])
    served.service.attach([Observing()])
    assert Client(served.target).greet("x") == "hello X"
    assert seen == [("grpc", "/acme.Hello/Greet", "OK", 9)]


@pytest.mark.parametrize("threads", [None, 4])
def test_an_rpc_may_answer_or_refuse_without_the_component(serve_hello, threads):
    client = serve_hello(grpc_threads=threads)
    assert client.greet("x") == "hello X"
    assert client.start("", "Ping").result(WAIT_S) == b""
    refused = client.start("", "Secret", metadata=[("x-request-id", "r-1")])
    assert refused.code() is grpc.StatusCode.UNAUTHENTICATED
    assert dict(refused.trailing_metadata()) == {
        "x-seldon-reason": "MICROSERVICE_UNAUTHENTICATED",
        "x-request-id": "r-1",
        "www-authenticate": "Bearer",
    }


@pytest.mark.parametrize("threads", [None, 4])
def test_a_faulty_rpc_fails_its_own_calls_only_and_is_logged(serve_hello, threads, caplog):
    client = serve_hello(grpc_threads=threads)
    assert client.code("Broken") is grpc.StatusCode.INTERNAL
    assert "cannot start a call of /acme.Hello/Broken" in caplog.text
    assert "a fault of the plugin" in caplog.text
    assert client.greet("x") == "hello X"


def test_a_request_has_its_metadata_deadline_and_id(serve_hello):
    seen = []

    def begin(request, context):
        seen.append((request, context))
        return b""

    client = serve_hello(GrpcService("acme.Hello", {"Greet": GrpcMethod(begin)}))
    states = [("tracestate", "a=1"), ("tracestate", "b=2")]
    metadata = [("user", "me"), ("token-bin", b"\x00"), ("x-request-id", "r-1"), *states]
    client.start("x", metadata=metadata).result(WAIT_S)
    (request, context) = seen[0]
    assert request == hello.Greeting(text="x").SerializeToString()
    assert context.target == "/acme.Hello/Greet"
    assert context.headers["user"] == "me"
    assert context.headers["token-bin"] == "AA=="
    assert context.headers["tracestate"] == "a=1, b=2"
    assert context.request_id == "r-1"
    assert context.client.startswith("ipv4:127.0.0.1:")
    call = context.call(hello.Method.PREDICT, request, hello.CODEC)
    assert (call.transport, call.request_bytes, call.deadline) == ("grpc", len(request), context.deadline)
    assert call.deadline is not None
    assert call.client == context.client  # looked up when it is read, without an access log
    call.client = "somebody"
    assert call.client == "somebody"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation stands in the repository only")
def test_the_documented_example_is_served(serve_hello):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    (code,) = [block for block in blocks if "hookimpl" in block]
    names: dict[str, Any] = {}
    exec(code, names)
    client = serve_hello(names["seldon_grpc_services"](None, None))
    answer = client.channel.unary_unary("/acme.Hello/Greet")(StringValue(value="x").SerializeToString())
    assert StringValue.FromString(answer).value == "X"


def test_files_of_several_services_cannot_clash(serve_hello):
    """Another tensor.proto of the same messages, as TensorFlow Serving's clients have one."""
    other = FileDescriptorProto(name="other/tensor.proto", package="tensorflow", syntax="proto3")
    other.message_type.add(name="TensorProto")
    empty = FileDescriptorProto(name="acme/empty.proto", package="acme", syntax="proto3")
    empty.dependency.append("other/tensor.proto")
    empty.service.add(name="Empty").method.add(
        name="Do", input_type=".tensorflow.TensorProto", output_type=".tensorflow.TensorProto"
    )
    files = [empty.SerializeToString(), other.SerializeToString()]
    client = serve_hello(hello.HELLO, GrpcService("acme.Empty", {"Do": GrpcMethod(hello.ping)}, files))
    database = ProtoReflectionDescriptorDatabase(client.channel)
    assert {"acme.Hello", "acme.Empty", "seldon.protos.Model"} < set(database.get_services())
    assert database.FindFileContainingSymbol("acme.Empty").name == "acme/empty.proto"
    database = ProtoReflectionDescriptorDatabase(client.channel)  # the other one knows TensorProto already
    assert database.FindFileContainingSymbol("tensorflow.TensorProto").name.endswith("protos/tensor.proto")


@pytest.mark.parametrize(
    "name", ["seldon.protos.Model", "grpc.health.v1.Health", "state", "live", "", "acme.Hello"]
)
def test_a_name_that_is_in_use_stops_the_start(serve_hello, name):
    with pytest.raises(StartupError, match=f"a plugin has a gRPC service '{name}', which .* has too"):
        serve_hello(hello.HELLO, GrpcService(name, {}))


def test_something_else_than_a_service_stops_the_start(serve_hello):
    with pytest.raises(StartupError, match=r"a plugin returned str .* expected a GrpcService"):
        serve_hello("acme.Hello")


MISSING = FileDescriptorProto(name="acme/missing.proto", dependency=["acme/other.proto"])
UNKNOWN = FileDescriptorProto(name="acme/unknown.proto", dependency=["google/protobuf/nothing.proto"])
WRONG = FileDescriptorProto(name="acme/wrong.proto", syntax="proto3")
WRONG.service.add(name="Hello").method.add(name="Greet", input_type=".acme.No", output_type=".acme.No")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"\xff", "service acme.Other has an invalid file descriptor"),
        (MISSING.SerializeToString(), "lacks the file descriptor of acme/other.proto"),
        (UNKNOWN.SerializeToString(), "lacks the file descriptor of google/protobuf/nothing.proto"),
        (WRONG.SerializeToString(), "invalid file descriptor acme/wrong.proto"),
    ],
)
def test_file_descriptors_that_cannot_be_used_stop_the_start(serve_hello, file, message):
    with pytest.raises(StartupError, match=message):
        serve_hello(GrpcService("acme.Other", {"Do": GrpcMethod(hello.ping)}, [file]))
