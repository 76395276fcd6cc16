"""Calls that a graph does not answer within their time: the error names the nodes that have not answered."""

from __future__ import annotations

import json
import threading

import pytest

from seldon_runtime.testing import Background, wait_until
from tests.support.graph_clients import WAYS, by_rest, feedback_by_rest

LATE = "the call was not answered within its time: it was waiting for "
SOON = ("--timeout", "0.2")
GATED = "graph_classes.Gated"
EACH_WAY = pytest.mark.parametrize("ask", WAYS)
THREADS = pytest.mark.parametrize("threads", ["each", "one"])


@pytest.fixture
def hang(serve):
    """``hang(graph, names, *options)``: a served graph; the nodes of these names wait for ``opened``."""
    started = []

    def hang(graph, names, *options):
        served = serve(graph, *options, api_type="REST,GRPC", classes=dict.fromkeys(names, GATED))
        started.append(served)
        return served

    yield hang
    for served in started:
        for user in gated(served):
            user.opened.set()


def gated(served):
    return [unit.user for unit in served.service.units if hasattr(unit.user, "opened")]


@EACH_WAY
@THREADS
def test_a_node_that_runs_at_the_deadline_is_named(hang, make, ask, threads):
    graph = make.node("a", None, make.node("b", None, make.node("d")))
    served = hang(graph, "b", *SOON, "--graph-threads", threads)
    status, text = ask(served.serving, "a")
    assert status in (504, "DEADLINE_EXCEEDED")
    assert text == LATE + "the node 'b'"


def test_a_call_that_waits_for_a_node_or_for_the_first_one_names_it(hang, make):
    served = hang(make.node("a", None, make.node("b")), "b")
    first = Background(lambda: served.predict())
    (user,) = gated(served)
    wait_until(lambda: user.entered, "the node to run")
    assert by_rest(served.serving, "a", x_envoy_expected_rq_timeout_ms="200") == (
        504,
        LATE + "the node 'b'",
    )
    user.opened.set()
    assert first.outcome.status == 200
    served = hang(make.node("a", None, make.node("b")), "a")
    first = Background(lambda: served.predict())
    (user,) = gated(served)
    wait_until(lambda: user.entered, "the node to run")
    late = by_rest(served.serving, "a", x_envoy_expected_rq_timeout_ms="200")
    assert late == (504, LATE + "the node 'a'")
    user.opened.set()
    assert first.outcome.status == 200


@THREADS
@EACH_WAY
def test_the_children_that_have_not_answered_are_named(hang, make, ask, threads):
    children = [make.node("x"), make.node("y"), make.node("v", None, make.node("z"))]
    served = hang(make.node("c", "COMBINER", *children), "yz", *SOON, "--graph-threads", threads)
    _, text = ask(served.serving, "c")
    assert text == LATE + {"each": "the nodes 'y' and 'z'", "one": "the nodes 'y' and 'v'"}[threads]


def test_a_child_that_failed_is_not_named_and_neither_is_the_combiner(hang, make):
    failed = make.node("x", parameters={"fail": "predict"})
    served = hang(make.node("c", "COMBINER", failed, make.node("y")), "y", *SOON)
    assert by_rest(served.serving, "c")[1] == LATE + "the node 'y'"


def test_a_combiner_is_named_when_its_children_have_answered(hang, make):
    served = hang(make.node("c", "COMBINER", make.node("x"), make.node("y")), "c", *SOON)
    assert by_rest(served.serving, "c")[1] == LATE + "the node 'c'"


def test_of_many_children_some_are_named(hang, make):
    names = [f"n{number}" for number in range(9)]
    served = hang(make.node("c", "COMBINER", *map(make.node, names)), names, *SOON)
    assert by_rest(served.serving, "c")[1] == LATE + "the nodes 'n0', 'n1', 'n2', 'n3', 'n4' and 4 more"


def test_a_route_and_an_output_transformation_are_named(hang, make):
    served = hang(make.node("r", "ROUTER", make.node("x"), make.node("y")), "r", *SOON)
    assert by_rest(served.serving, "r")[1] == LATE + "the node 'r'"
    served = hang(make.node("o", "OUTPUT_TRANSFORMER", make.node("x")), "o", *SOON)
    assert by_rest(served.serving, "o")[1] == LATE + "the node 'o'"


def test_feedback_names_the_nodes_that_have_not_learned(hang, make):
    served = hang(make.node("c", "COMBINER", make.node("x"), make.node("y"), methods=["SEND_FEEDBACK"]), "y")
    assert feedback_by_rest(served.serving, "c", x_envoy_expected_rq_timeout_ms="200") == (
        504,
        LATE + "the node 'y'",
    )


@pytest.mark.parametrize("path", ["/health/status", "/api/v1.0/status/b"])
def test_health_names_the_nodes_that_have_not_answered(hang, make, path):
    served = hang(make.node("a", None, make.node("b")), "b", "--health-timeout", "0.2")
    late = served.ask("GET", path)
    assert late.status == 504
    wanted = "health_status was not answered within its time: it was waiting for the node 'b'"
    assert late.json["status"]["info"] == wanted


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (SOON, LATE),
        (
            ("--stream-idle-timeout", "0.2"),
            "the stream had no item for 0.2 s (SELDON_STREAM_IDLE_TIMEOUT_S): it was waiting for ",
        ),
    ],
)
def test_a_stream_without_an_item_names_its_node(serve, make, options, wanted):
    graph = make.node("a", None, make.node("s"), methods=[])
    served = serve(graph, *options, classes={"s": "graph_classes.SpellsAndWaits"})
    answer = served.ask("POST", "/api/v1.0/predictions", {"strData": "xy"}, Accept="application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0]["strData"] == "x"
    assert lines[-1]["status"]["info"] == wanted + "the node 's'"


def test_a_call_that_has_ended_keeps_nothing_of_its_way(serve, make):
    served = serve(make.node("a"), *SOON)
    calls = []
    finish = served.service.end
    served.service.end = lambda call, *rest: (calls.append(call), finish(call, *rest))
    assert served.predict().status == 200
    wait_until(lambda: calls[0].waits_for is None, "the call to end")


def test_a_refused_call_leaves_no_time_limits_behind(serve, make):
    limited = make.predictor(make.node("g"), classes={"g": "graph_classes.Gated"})
    document = make.deployment(limited, annotations={"seldon.io/rest-timeout": "60000"})
    served = serve(document, "--queue-size", "1")
    (user,) = (unit.user for unit in served.service.units)
    answers = []

    def predict():
        answers.append(served.predict().status)

    callers = [threading.Thread(target=predict) for _ in range(4)]
    callers[0].start()
    wait_until(lambda: user.entered, "the first call to run")
    for caller in callers[1:]:
        caller.start()
    wait_until(lambda: len(answers) == 2, "two calls to be refused")
    user.opened.set()
    for caller in callers:
        caller.join()
    assert sorted(answers) == [200, 200, 503, 503]
    assert not served.service._bounds
