"""Services of other plugins in a real process, beside the protocol's own."""

from __future__ import annotations

import http.client
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from seldon_runtime.testing import WAIT_S

from . import hello
from .hello_client import Client

SOURCE = Path(__file__).with_name("hello.py").read_text("utf-8")
EXTENSION = "seldon_runtime.extension"
PREDICTING = """
class Shout:
    def predict(self, X, features_names):
        return X.upper()
"""


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
