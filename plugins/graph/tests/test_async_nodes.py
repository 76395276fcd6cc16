"""Nodes with async methods: calls interleave at their awaits, and end with their call."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import grpc
import pytest

from seldon_runtime.testing import WAIT_S, Background, wait_until
from seldon_runtime_grpc.messages import SeldonMessage

HOLDS = "graph_classes.Holds"


def ask_by_rest(served, text):
    return served.ask("POST", "/api/v1.0/predictions", {"strData": text}).json["strData"]


def ask_by_grpc(served, text, timeout=WAIT_S):
    with grpc.insecure_channel(served.serving.addresses["grpc"].removeprefix("grpc://")) as channel:
        call = channel.unary_unary(
            "/seldon.protos.Seldon/Predict", SeldonMessage.SerializeToString, SeldonMessage.FromString
        )
        return call(SeldonMessage(strData=text), timeout=timeout).strData


@pytest.fixture
def held(serve, make):
    """``held(graph, *options)``: a served graph, and the objects of its nodes ``h1`` and ``h2``."""

    def held(graph, *options, **more):
        names = [name for name in ("h1", "h2") if name in json.dumps(graph)]
        classes = dict.fromkeys(names, HOLDS)
        served = serve(graph, *options, classes=classes, api_type="REST,GRPC", **more)
        users = {unit.identity.unit: unit.user for unit in served.service.units}
        return served, [users[name] for name in names]

    return held


@pytest.mark.parametrize("ask", [ask_by_rest, ask_by_grpc])
@pytest.mark.parametrize("threads", ["each", "one"])
def test_calls_interleave_at_an_async_node(held, make, ask, threads):
    graph = make.node("p", None, make.node("h1"))
    graph["methods"] = []
    served, (user,) = held(graph, "--graph-threads", threads)
    asked = [Background(lambda n=n: ask(served, str(n))) for n in range(4)]
    wait_until(lambda: len(user.entered) == 4, "all calls to be under way")
    user.open = True
    assert [one.outcome for one in asked] == ["0", "1", "2", "3"]


def test_async_children_of_one_thread_work_at_the_same_time(held, make):
    graph = make.node("c", None, make.node("h1"), make.node("h2"))
    graph["methods"] = []
    served, users = held(graph, "--graph-threads", "one")
    asked = Background(lambda: ask_by_rest(served, "x"))
    wait_until(lambda: all(user.entered for user in users), "both children to be under way")
    for user in users:
        user.open = True
    assert asked.outcome == "x"


@pytest.mark.parametrize("type_", ["COMBINER", None])
@pytest.mark.parametrize("threads", ["each", "one"])
def test_an_answer_that_waits_for_others_is_not_that_of_a_later_call(serve, make, threads, type_):
    graph = make.node("c", type_, make.node("a"), make.node("h"))
    if type_ is None:
        graph["methods"] = []
    served = serve(graph, "--graph-threads", threads, classes={"a": "graph_classes.Keeps", "h": HOLDS})
    users = {unit.identity.unit: unit.user for unit in served.service.units}

    def both_asked(count):
        wait_until(lambda: (users["a"].calls, len(users["h"].entered)) == (count, count), "both to be asked")

    asked = []
    for number in (1.0, 5.0):
        asked.append(Background(lambda number=number: served.predict([[number]]).rows))
        both_asked(len(asked))
    users["h"].open = True
    times = 1 if type_ is None else 2
    assert [one.outcome for one in asked] == [[[times * 1.0]], [[times * 5.0]]]


def test_a_client_that_leaves_cancels_the_coroutines_of_the_nodes(held, make):
    graph = make.node("c", None, make.node("h1"), make.node("h2"))
    graph["methods"] = []
    served, users = held(graph)
    connection = http.client.HTTPConnection(urlsplit(served.serving.addresses["rest"]).netloc, timeout=WAIT_S)
    connection.request("POST", "/predict", b'{"strData":"rest"}', {"Content-Type": "application/json"})
    wait_until(lambda: all(user.entered for user in users), "both children to be under way")
    connection.close()
    wait_until(lambda: [user.cancelled for user in users] == [["rest"], ["rest"]], "both to be cancelled")


def test_the_deadline_of_a_client_ends_the_coroutines_of_the_nodes(held, make):
    served, (user,) = held(make.node("h1"))
    with pytest.raises(grpc.RpcError) as raised:
        ask_by_grpc(served, "late", timeout=2)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    wait_until(lambda: user.cancelled == ["late"], "the coroutine to be cancelled")


def test_an_accepted_call_of_an_async_node_is_answered_before_the_end(held, make):
    served, (user,) = held(make.node("h1"))
    asked = Background(lambda: ask_by_rest(served, "kept"))
    wait_until(lambda: user.entered == ["kept"], "the call to be under way")
    stopping = Background(served.serving.stop)
    wait_until(lambda: served.service.draining, "the drain")
    user.open = True
    assert asked.outcome == "kept"
    assert stopping.outcome is None
