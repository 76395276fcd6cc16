"""Every call is answered, whatever a plugin does with it, over REST and gRPC; the log names the plugin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.support.components import ECHO

SECRET = "the password is rosebud"
FAULTS = {
    "none": "return None",
    "text": "return 'text'",
    "error": f"raise ValueError({SECRET!r})",
    "exit": f"raise SystemExit({SECRET!r})",
    "interrupt": f"raise KeyboardInterrupt({SECRET!r})",
    "closed": f"raise GeneratorExit({SECRET!r})",
    "no text": "raise Silent()",
}
PLUGIN = """
import sys
from seldon_runtime.plugin import (
    Batcher, Codec, Interceptor, Kind, Message, Method, Observer, Payload, Stream, hookimpl
)

class Silent(Exception):
    def __str__(self):
        raise ValueError("no text either")

def fault(call, place):
    return call.headers.get("x-fault", "") == place

FAULTS

class Faulty(Interceptor):
    def admit(self, call):
        return act(call, "admit", None)

    def before(self, call, request):
        return act(call, "before", request)

    def after(self, call, answer):
        return act(call, "after", answer)

    def finished(self, call, error):
        act(call, "finished", None)

class Watches(Observer):
    def call_started(self, call):
        act(call, "started", None)

    def call_finished(self, call, outcome):
        act(call, "over", None)

class Batches(Batcher):
    def group(self, call):
        if call.headers.get("x-fault", "").startswith(("group", "batch")):
            act(call, "group", None)
            return call.headers["x-fault"]
        return None

    def predict(self, method, requests, predict):
        return act(requests[0].payload.value, "batch", [predict(method, request) for request in requests])

class Wire(Codec):
    name = "faulty"
    def __init__(self, headers):
        self.headers = headers

    def read(self, method, wire):
        return act(self, "read", Message(Payload(Kind.STR, "x")))

    def write(self, method, answer):
        return act(self, "write", ["fine"])

    def body(self, answer):
        return act(self, "body", b"fine")

    def outcome(self, answer, error):
        return act(self, "outcome", (200, 0))

@hookimpl
def seldon_interceptor():
    return Faulty()

@hookimpl
def seldon_observer():
    return Watches()

@hookimpl
def seldon_batcher():
    return Batches()

@hookimpl(optionalhook=True)
def seldon_http_routes():
    from seldon_runtime_rest.extension import HttpRoute

    def begin(request):
        act(request, "begin", None)
        made = request.call(Method.PREDICT, Wire(request.headers), b"")
        return act(request, "made", made)

    return HttpRoute(("POST",), "/faulty", begin)

@hookimpl(optionalhook=True)
def seldon_grpc_services():
    from seldon_runtime_grpc.extension import GrpcMethod, GrpcService

    def begin(request, context):
        act(context, "begin", None)
        return act(context, "made", context.call(Method.PREDICT, request, Wire(context.headers)))

    return GrpcService("acme.Faulty", {"Call": GrpcMethod(begin)})
"""


def act_source() -> str:
    """The function of the plugin that does what the request's header names, at the place that it names."""
    lines = ["def act(call, place, fine):"]
    lines.append("    asked = call if isinstance(call, str) else call.headers.get('x-fault', '')")
    for name, source in FAULTS.items():
        lines.append(f"    if asked == place + ' {name}':")
        lines.append(f"        {source}")
    lines.append("    return fine")
    return "\n".join(lines)


@pytest.fixture
def process(seldon_run: Callable[..., Any], install: Callable[..., Path]) -> Any:
    sources = {"acme_faulty": PLUGIN.replace("FAULTS", act_source())}
    site = install("acme-plugin", {"seldon_runtime.extension": {"acme": "acme_faulty"}}, sources)
    words = ("Echo", "REST,GRPC", "--extension", "acme")
    return seldon_run(*words, source=ECHO, env={"PYTHONPATH": str(site)})


# places whose faults cost the call nothing: their result is not used, or they only watch
HARMLESS = {"finished", "started", "over", "outcome"}
IGNORED = {(place, name) for place in ("admit", "begin", "group", "write") for name in ("none", "text")}
OF_THE_PROTOCOL = ("admit", "before", "after", "finished", "started", "over", "group", "batch")
OF_A_CODEC = ("begin", "made", "read", "write", "body", "outcome", "admit", "before", "after", "over")


def is_answered(place: str, name: str) -> bool:
    return place in HARMLESS or (place, name) in IGNORED


def of(process: Any, header: str, *, codec: bool) -> list[tuple[bool, str]]:
    """Return for each transport's call if its answer is good, and all that the client received."""
    path, text = ("/faulty", "x") if codec else ("/predict", header)
    answer = process.post(path, {"strData": text}, headers={"x-fault": header})
    outcomes = [(answer.status == 200, answer.text)]
    assert answer.status in (200, 500), (header, answer.status)
    with process.grpc_client() as client:
        try:
            if codec:
                call = client.channel.unary_unary("/acme.Faulty/Call")
                call(b"", timeout=20, metadata=[("x-fault", header)])
            else:
                client.predict(text, [("x-fault", header)])
            outcomes.append((True, ""))
        except grpc.RpcError as error:
            outcomes.append((False, f"{error.code()} {error.details()} {error.trailing_metadata()}"))
    assert outcomes[1][0] or outcomes[1][1].startswith("StatusCode.INTERNAL "), (header, outcomes)
    return outcomes


@pytest.mark.timeout(300)
@pytest.mark.parametrize("codec", [False, True], ids=["protocol", "own wire"])
def test_a_call_is_answered_whatever_a_plugin_does(process: Any, codec: bool) -> None:
    found = {}
    for place in OF_A_CODEC if codec else OF_THE_PROTOCOL:
        for name in FAULTS:
            header = f"{place} {name}"
            outcomes = of(process, header, codec=codec)
            assert SECRET not in json.dumps(outcomes), header
            if {well for well, _ in outcomes} != {is_answered(place, name)}:
                found[header] = outcomes
    assert found == {}
    assert process.post("/predict", {"strData": "still"}).json["strData"] == "still"
    process.wait_for_log(r"of extension plugin 'acme' \(acme-plugin 1.0, acme_faulty\)")
    process.wait_for_log(SECRET)
