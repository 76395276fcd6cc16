"""What passes between the nodes of a graph that is served: requests, metas, tags, and who keeps them."""

from __future__ import annotations

import gc
import logging
import threading
from dataclasses import replace

import pytest

from seldon_runtime.plugin import Interceptor
from seldon_runtime.testing import wait_until


@pytest.mark.parametrize("threads", ["each", "one"])
def test_a_request_that_no_node_answers_comes_back_as_it_is(serve, make, threads):
    chain = make.node("a", None, make.node("b", None, methods=[]), methods=[])
    for graph in (make.node("a", None, methods=[]), chain):
        served = serve(graph, "--graph-threads", threads)
        for data in ({"ndarray": [[1, 2]]}, {"ndarray": [[1.0]]}):
            answer = served.ask("POST", "/api/v1.0/predictions", {"data": data, "own": 1}).json
            meta = {"routing": {"a": -1}} if graph is chain else {}
            assert answer == {"data": data, "own": 1, "meta": meta}


@pytest.mark.parametrize("threads", ["each", "one"])
def test_a_request_that_no_node_of_the_first_child_answers_comes_back_as_it_is(serve, make, threads):
    graph = make.node("a", None, make.node("b", None, methods=[]), make.node("m"), methods=[])
    served = serve(graph, "--graph-threads", threads)
    request = {"data": {"ndarray": [[1, 2]]}, "own": 1, "meta": {}}
    answer = served.ask("POST", "/api/v1.0/predictions", request).json
    assert answer == {**request, "meta": {"routing": {"a": -1, "m": -1}}}


@pytest.mark.parametrize("threads", ["each", "one"])
@pytest.mark.parametrize("options", [(), ("--graph-trace",)], ids=["plain", "traced"])
@pytest.mark.parametrize("failing", ["b", "x"])
def test_the_memory_of_a_large_request_that_fails_is_free_at_once(
    serve, make, monkeypatch, threads, options, failing
):
    def part(name, type_=None, *of):
        return make.node(name, type_, *of, parameters={"fail": "predict" if name == failing else ""})

    graph = part("a", None, part("b", None, part("c", "COMBINER", part("x"), part("y"))))
    served = serve(graph, "--graph-threads", threads, *options)
    # pytest keeps the tracebacks of log records
    monkeypatch.setattr(logging.getLogger("seldon_runtime.service.done"), "disabled", True)
    gc.collect()
    gc.disable()  # it frees memory at a time that nobody knows
    try:
        assert served.predict([[1.0] * 10_000], X_Seldon_Trace="1").status == 500
        wait_until(lambda: not served.service.memory.used_bytes, "the memory to be free")
    finally:
        gc.enable()


def test_a_component_that_alters_its_tags_in_its_next_call_leaves_those_of_the_first(serve, make):
    graph = make.node("a", None, make.node("g"))
    served = serve(graph, classes={"a": "graph_classes.Remembers", "g": "graph_classes.Gated"})
    remembers, gated = (unit.user for unit in served.service.units)
    found = {}

    def predict(number):
        found[number] = served.predict([[number]]).json["meta"]["tags"]

    callers = [threading.Thread(target=predict, args=(number,)) for number in (1.0, 2.0)]
    for place, caller in enumerate(callers):
        caller.start()
        wait_until(lambda place=place: len(remembers.calls) > place, "the call to pass the first node")
    gated.opened.set()
    for caller in callers:
        caller.join()
    assert found == {1.0: {"calls": [1.0]}, 2.0: {"calls": [1.0, 2.0]}}


@pytest.mark.parametrize("threads", ["each", "one"])
def test_a_component_that_alters_its_meta_alters_that_of_its_own_answer_only(serve, make, threads):
    children = [make.node(name, parameters={"tag": name}) for name in "bc"]
    graph = make.node("a", None, make.node("r", "ROUTER", *children, parameters={"route_to": -1}))
    marks = dict.fromkeys("bc", "graph_classes.Marks")
    served = serve(graph, "--graph-threads", threads, classes={"a": "graph_classes.Shows", **marks})
    for rows in ([[1.0]], [["text"]]):
        answer = served.ask("POST", "/api/v1.0/predictions", {"data": {"ndarray": rows}})
        assert answer.json["meta"]["tags"] == {"shown": True, "mark": "b"}
        marks = [unit.user.metas for unit in served.service.units if hasattr(unit.user, "metas")]
        assert [each[-1] for each in marks] == [{"shown": True}] * 2


@pytest.mark.parametrize("threads", ["each", "one"])
def test_tags_that_an_interceptor_adds_are_its_calls_own(serve, make, threads):
    class Numbers(Interceptor):
        calls = 0

        def after(self, call, answer):
            self.calls += 1
            answer.meta.tags[f"call {self.calls}"] = self.calls
            return replace(answer, meta=replace(answer.meta, tags={**answer.meta.tags, "own": self.calls}))

    served = serve(make.node("a", None, make.node("b")), "--graph-threads", threads)
    plain = served.predict().json
    served.service.attach([], [Numbers()])
    assert [served.predict().json["meta"] for _ in range(2)] == [
        {**plain["meta"], "tags": {f"call {number}": number, "own": number}} for number in (1, 2)
    ]
    served.service.attach([], [])
    assert served.predict().json == plain


def test_a_component_that_alters_its_request_alters_nobody_elses(serve, make):
    graph = make.node("c", "COMBINER", make.node("a"), make.node("b"))
    served = serve(graph, classes={"a": "graph_classes.Alters", "b": "graph_classes.Alters"})
    assert served.predict().rows == [[202.0, 204.0]]
