"""Nodes that stream: the last node of a call answers item by item, over REST and gRPC."""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import pytest

from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_grpc.messages import SeldonMessage
from tests.support.http_client import HttpClient

CLASSES = Path(__file__).parents[1] / "classes"
KINDS = pytest.mark.parametrize("kind", ["Spells", "SpellsLater"])


def over_rest(served, text):
    """The items of a stream: text, tags and routing of each; the reason of an error."""
    connection = http.client.HTTPConnection(urlsplit(served.serving.addresses["rest"]).netloc, timeout=WAIT_S)
    try:
        headers = {"Content-Type": "application/json", "Accept": "application/x-ndjson"}
        connection.request("POST", "/api/v1.0/predictions", json.dumps({"strData": text}), headers)
        response = connection.getresponse()
        assert response.getheader("Seldon-Puid")
        while line := response.readline():
            item = json.loads(line)
            if "status" in item:
                yield item["status"]["info"]
            else:
                yield item["strData"], item["meta"]["tags"], item["meta"]["routing"]
    finally:
        connection.close()


def over_grpc(served, text):
    with grpc.insecure_channel(served.serving.addresses["grpc"].removeprefix("grpc://")) as channel:
        call = channel.unary_stream(
            "/seldon.protos.Seldon/PredictStream", SeldonMessage.SerializeToString, SeldonMessage.FromString
        )(SeldonMessage(strData=text), timeout=WAIT_S)
        try:
            for item in call:
                tags = {key: value.bool_value for key, value in item.meta.tags.items()}
                yield item.strData, tags, dict(item.meta.routing)
        except grpc.RpcError as error:
            yield error.details()
        finally:
            call.cancel()


BOTH = pytest.mark.parametrize("items", [over_rest, over_grpc])


@BOTH
@KINDS
def test_a_single_node_streams(serve, make, items, kind):
    served = serve(make.node("s"), classes={"s": f"graph_classes.{kind}"}, api_type="REST,GRPC")
    assert list(items(served, "ab")) == [(letter, {"spelt": True}, {"s": -1}) for letter in "ab"]
    wait_until(lambda: served.service.units[0].user.closed == 1, "the generator to end")


@BOTH
@KINDS
@pytest.mark.parametrize("first", ["Shouts", "ShoutsLater"])
@pytest.mark.parametrize("threads", ["each", "one"])
def test_the_last_node_of_a_call_streams(serve, make, items, kind, first, threads):
    chain = make.node("t", "TRANSFORMER", make.node("s"))
    graph = make.node("r", "ROUTER", make.node("other"), chain, parameters={"route_to": 1})
    classes = {"t": f"graph_classes.{first}", "s": f"graph_classes.{kind}"}
    served = serve(graph, "--graph-threads", threads, classes=classes, api_type="REST,GRPC")
    tags, routing = {"loud": True, "spelt": True}, {"r": 1, "t": -1, "s": -1}
    assert list(items(served, "ab")) == [(letter, tags, routing) for letter in "AB"]


@KINDS
def test_a_client_that_wants_one_answer_receives_the_items_joined(serve, make, kind):
    graph = make.node("t", "TRANSFORMER", make.node("s"))
    classes = {"t": "graph_classes.Shouts", "s": f"graph_classes.{kind}"}
    served = serve(graph, "--graph-trace", classes=classes, api_type="REST,GRPC")
    answer = served.ask("POST", "/api/v1.0/predictions", {"strData": "ab"}, X_Seldon_Trace="1").json
    assert answer["strData"] == "AB"
    assert answer["meta"]["routing"] == {"t": -1, "s": -1}
    assert [step["node"] for step in answer["meta"]["tags"]["seldon-trace"]] == ["t", "s"]
    with grpc.insecure_channel(served.serving.addresses["grpc"].removeprefix("grpc://")) as channel:
        call = channel.unary_unary(
            "/seldon.protos.Seldon/Predict", SeldonMessage.SerializeToString, SeldonMessage.FromString
        )
        joined = call(SeldonMessage(strData="ab"), timeout=WAIT_S)
    assert (joined.strData, dict(joined.meta.routing)) == ("AB", {"t": -1, "s": -1})


@BOTH
@KINDS
def test_an_error_ends_the_stream(serve, make, items, kind):
    served = serve(make.node("s"), classes={"s": f"graph_classes.{kind}"}, api_type="REST,GRPC")
    found = list(items(served, "a!"))
    assert found[0][0] == "a"
    assert "too loud" in found[1]
    assert len(found) == 2


@BOTH
@KINDS
def test_a_client_that_leaves_closes_the_generator(serve, make, items, kind):
    served = serve(make.node("s"), classes={"s": f"graph_classes.{kind}"}, api_type="REST,GRPC")
    opened = items(served, "a" * 1_000_000)
    assert next(opened)[0] == "a"
    opened.close()
    wait_until(lambda: served.service.units[0].user.closed == 1, "the generator to be closed")


@BOTH
def test_a_stream_in_the_middle_is_an_error_that_names_the_node(serve, make, items):
    served = serve(
        make.node("s", None, make.node("b")), classes={"s": "graph_classes.Spells"}, api_type="REST,GRPC"
    )
    if items is over_rest:
        answer = served.ask("POST", "/api/v1.0/predictions", {"strData": "ab"})
        assert answer.status == 500
        text = answer.json["status"]["info"]
    else:
        (text,) = items(served, "ab")
    assert "which the node 'b' cannot receive: only the last node of a call may stream" in text


def test_the_metrics_of_the_items_are_those_of_the_node(seldon_run, make, file_of):
    graph = make.node("t", "TRANSFORMER", make.node("s"))
    classes = {"t": "graph_classes.Shouts", "s": "graph_classes.Spells"}
    file = file_of(make.deployment(make.predictor(graph, classes=classes)))
    env = {"METRICS": "prometheus", "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "0"}
    server = seldon_run(str(file), "REST", folder=CLASSES, env=env)
    with HttpClient(server.ports["rest"]) as client:
        assert client.post("/predict", {"strData": "abc"}).json["strData"] == "ABC"
    with HttpClient(server.ports["metrics"]) as client:
        page = client.get("/metrics").text
    (line,) = re.findall(r"^letters_total\{(.*)\} (\S+)$", page, re.M)
    assert 'model_name="s"' in line[0]
    assert line[1] == "3.0"
