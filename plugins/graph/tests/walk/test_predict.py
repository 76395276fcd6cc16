"""Predictions through random graphs, compared with a naive interpreter of the file's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.plugin import (
    NO_META,
    TENSOR,
    ErrorCode,
    Message,
    Meta,
    Method,
    Payload,
    SeldonError,
    Stream,
    UnitStream,
)
from seldon_runtime_graph.spec.model import Node
from seldon_runtime_graph.walk.plan import plan
from seldon_runtime_graph.walk.predict import predict

from .interpreter import graphs, interpret, outcome


def planned(root, made):
    found = plan(root)
    for each in found.walk():
        if made[each.name] is not None:
            each.bind(made[each.name])
    found.join()
    return found


@pytest.fixture(params=[False, True], ids=["yielded", "here"])
def is_here(request):
    """True for walks that ask the components themselves."""
    return request.param


@given(graphs(), st.integers(-5, 5), st.booleans(), st.booleans())
def test_a_random_graph_answers_as_the_naive_interpreter(parts, graph, number, is_short, is_here):
    root, does = graph

    ours = {name: parts.Part(name, *each, is_short=is_short) for name, each in does.items()}
    theirs = {name: parts.Part(name, *each) for name, each in does.items()}
    wanted_routing = {}
    wanted = outcome(lambda: interpret(root, float(number), theirs, wanted_routing))
    request = parts.message(float(number))
    found = outcome(lambda: parts.answered(planned(root, ours), request, is_own=True, is_here=is_here))
    if isinstance(wanted, str):
        assert isinstance(found, str)
        assert found.startswith(wanted)
    else:
        assert parts.value_of(found) == wanted
        assert found.meta.routing == wanted_routing
    assert {n: part.calls for n, part in ours.items()} == {n: part.calls for n, part in theirs.items()}


def chain(length):
    node = None
    for i in reversed(range(length)):
        node = Node(f"n{i}", f"graph.n{i}", "MODEL", None, None, {}, (node,) if node else ())
    return node


def test_a_chain_of_200_nodes_takes_200_steps_and_no_more(parts, is_here):
    root = chain(200)
    ours = {node.name: parts.Part(node.name, 0.0) for node in root.walk()}
    routing = {}
    answer = parts.answered(planned(root, ours), parts.message(0.0), routing, is_here=is_here)
    assert parts.value_of(answer) == 0.0
    assert routing == dict.fromkeys(ours, -1)
    assert all(part.calls == ["predict"] for part in ours.values())


def test_each_answer_tells_its_own_path_and_branches(parts, is_here):
    children = tuple(Node(name, f"graph.{name}", "MODEL") for name in "ab")
    router = Node("r", "graph.r", "ROUTER", None, None, {}, children)
    root = Node("t", "graph", "TRANSFORMER", None, None, {}, (router,))
    made = {name: parts.Part(name, is_short=True) for name in "trab"}
    graph = planned(root, made)

    def told(branch, request):
        made["r"].route_to = branch
        meta = parts.answered(graph, request, {"split": 1}, is_own=True, is_here=is_here).meta
        return meta.puid, meta.tags, meta.routing, list(meta.request_path)

    plain = parts.message(1.0)
    tagged = Message(plain.payload, Meta("p", {"x": 1}, {}, {"z": ""}))
    for branch, name in [(0, "a"), (1, "b"), (0, "a"), (1, "b")]:
        routing = {"split": 1, "t": -1, "r": branch, name: -1}
        assert told(branch, plain) == ("", {}, routing, [name, "t"])
        assert told(branch, tagged) == ("p", {"x": 1}, routing, [name, "t", "z"])


def test_the_request_itself_is_the_answer_when_no_node_answers(parts, is_here):
    request = parts.message(7.0)
    root = Node("r", "graph", "ROUTER", None, None, {}, (Node("a", "graph.a"),))
    made = {"r": parts.Part("r", 0.0, -2), "a": parts.Part("a")}
    found = parts.answered(planned(root, made), request, is_here=is_here)
    assert found.payload is request.payload
    assert found.meta.routing == {"r": -2}


@pytest.mark.parametrize("is_short", [False, True], ids=["messages", "arrays"])
def test_no_component_can_alter_what_another_one_receives(parts, is_here, is_short):
    class Alters(parts.Part):
        def answer(self, method, request):
            request.payload.value += 100
            return request

    children = tuple(Node(name, f"graph.{name}", "MODEL") for name in "ab")
    root = Node("c", "graph", "COMBINER", None, None, {}, children)
    made = {"c": parts.Part("c", 0.0), **{n: Alters(n, is_short=is_short) for n in "ab"}}
    request = parts.message(1.0)
    assert parts.value_of(parts.answered(planned(root, made), request, is_here=is_here)) == 202.0
    assert parts.value_of(request) == 1.0


def test_a_router_cannot_alter_what_its_child_receives(parts, is_here):
    class Alters(parts.Part):
        def answer(self, method, request):
            request.payload.value += 100
            return super().answer(method, request)

    root = Node("r", "graph", "ROUTER", None, None, {}, (Node("a", "graph.a", "MODEL"),))
    made = {"r": Alters("r", route_to=0), "a": parts.Part("a", 0.0)}
    found = parts.answered(planned(root, made), parts.message(1.0), is_own=True, is_here=is_here)
    assert parts.value_of(found) == 2.0


class Items(Stream):
    def next(self):
        return None


def test_a_stream_of_the_last_node_is_the_answer(parts, is_here):
    class Streams(parts.Part):
        def answer(self, method, request):
            return Items()

    root = Node("r", "graph", "ROUTER", None, None, {}, (Node("a", "graph.a", "MODEL"),))
    made = {"r": parts.Part("r"), "a": Streams("a")}
    answer = parts.answered(planned(root, made), parts.message(1.0), is_here=is_here)
    assert isinstance(answer, UnitStream)
    assert (answer.unit, answer.method) == (made["a"], Method.PREDICT)


def test_a_stream_in_the_middle_is_refused(parts, is_here):
    class Streams(parts.Part):
        def answer(self, method, request):
            return Items()

    root = Node("a", "graph", "MODEL", None, None, {}, (Node("b", "graph.b", "MODEL"),))
    with pytest.raises(
        SeldonError, match="the node 'a' answers with a stream, which the node 'b' cannot"
    ) as raised:
        parts.answered(
            planned(root, {"a": Streams("a"), "b": parts.Part("b")}), parts.message(1.0), is_here=is_here
        )
    assert raised.value.code is ErrorCode.COMPONENT_FAILED


@pytest.mark.parametrize("implementation", [None, "AVERAGE_COMBINER"])
def test_a_combiner_cannot_receive_a_stream(parts, is_here, implementation):
    class Streams(parts.Part):
        def answer(self, method, request):
            return Items()

    kind = None if implementation else "COMBINER"
    children = (Node("a", "graph.a", "MODEL"), Node("b", "graph.b", "MODEL"))
    root = Node("avg", "graph", kind, None, implementation, {}, children)
    made = {"avg": None if implementation else parts.Part("avg"), "a": parts.Part("a"), "b": Streams("b")}
    with pytest.raises(
        SeldonError, match="the node 'b' answers with a stream, which the node 'avg' cannot receive"
    ):
        parts.answered(planned(root, made), parts.message(1.0), is_here=is_here)


@pytest.mark.parametrize("implementation", [None, "AVERAGE_COMBINER"])
def test_combiners_inside_one_another_of_any_depth_answer(parts, is_here, implementation):
    depth, kind = 250, None if implementation else "COMBINER"
    node, made = Node("m", "graph", "MODEL"), {"m": parts.Part("m", 0.0)}
    for i in range(depth):
        leaf, name = f"m{i}", f"c{i}"
        node = Node(name, "graph", kind, None, implementation, {}, (Node(leaf, "graph", "MODEL"), node))
        made |= {leaf: parts.Part(leaf, 0.0), name: None if implementation else parts.Part(name, 0.0)}
    answer = parts.answered(planned(node, made), parts.message(1.0), is_here=is_here)
    assert parts.value_of(answer) == (2.0 if implementation else 2.0 * (depth + 1))


def test_an_average_needs_no_component(parts):
    children = tuple(Node(name, f"graph.{name}", "MODEL") for name in "ab")
    root = Node("avg", "graph", None, None, "AVERAGE_COMBINER", {}, children)
    made = {"avg": None, "a": parts.Part("a", 0.0), "b": parts.Part("b", 3.0)}
    assert parts.value_of(parts.answered(planned(root, made), parts.message(1.0))) == 3.5


@pytest.mark.parametrize("is_short", [False, True], ids=["messages", "arrays"])
def test_the_meta_reaches_only_methods_that_take_it(parts, is_here, is_short):
    seen = []

    class Sees(parts.Part):
        def answer(self, method, request):
            seen.append(request.given_meta)
            return super().answer(method, request)

        def array_call(self, method):
            def call(array, names, kind, given_meta, request):
                return self.answer(method, Message(Payload(kind, array, names), NO_META, given_meta)).payload

            return call if self.is_short else None

    root = planned(chain(3), {f"n{i}": Sees(f"n{i}", is_short=is_short) for i in range(3)})
    last = list(root.walk())[2]
    last.bind(last.unit, {Method.PREDICT})
    root.join()
    request = Message(Payload(TENSOR, parts.message(1.0).payload.value), given_meta={"tags": {"a": 1}})
    parts.answered(root, request, is_own=True, is_here=is_here)
    path = {"requestPath": {"n1": "n1:1", "n0": "n0:1"}} if is_short else {}
    assert seen == [{"tags": {"a": 1}}, None, path]


def test_the_meta_of_an_answer_has_what_each_node_adds(parts, is_here):
    class Tags(parts.Part):
        def answer(self, method, request):
            made = super().answer(method, request)
            tags = {**request.meta.tags, "tagged": 1}
            return Message(made.payload, Meta("p", tags, {}, {**request.meta.request_path, "n1": "n1:1"}))

    made = {name: parts.Part(name, is_short=True) for name in ("n0", "n2")} | {"n1": Tags("n1")}
    request = Message(parts.message(1.0).payload, Meta("p", {"sent": 1}, {"old": 1}, {"n0": "older:1"}))
    found = parts.answered(planned(chain(3), made), request, is_here=is_here)
    path = {"n0": "older:1", "n1": "n1:1", "n2": "n2:1"}
    assert found.meta == Meta("p", {"sent": 1, "tagged": 1}, dict.fromkeys(made, -1), path, [])


def test_an_answer_that_is_unfinished_becomes_a_step(parts):
    class Later(parts.Part):
        def answer(self, method, request):
            return self.wait(super().answer(method, request))

        async def wait(self, answer):
            return answer

    steps = predict(
        planned(chain(2), {"n0": Later("n0"), "n1": parts.Part("n1")}),
        parts.flight_of(parts.message(1.0), is_own=True),
    )
    step = steps.send(None)
    answer = step.call()
    with pytest.raises(StopIteration) as awaited:
        answer.send(None)
    with pytest.raises(StopIteration) as ended:
        steps.send(awaited.value.value)
    assert parts.value_of(ended.value.value) == 7.0


def test_children_with_unfinished_answers_go_on_together(parts):
    class Later(parts.Part):
        def answer(self, method, request):
            return self.wait(super().answer(method, request))

        async def wait(self, answer):
            return answer

    children = tuple(Node(name, f"graph.{name}", "MODEL") for name in "abc")
    root = Node("r", "graph", "COMBINER", None, None, {}, children)
    made = {"r": parts.Part("r", 0.0), "a": Later("a", 0.0), "b": parts.Part("b", 0.0), "c": Later("c", 0.0)}
    flight = parts.flight_of(parts.message(1.0), is_own=True)
    steps = predict(planned(root, made), flight)
    rest = steps.send(None)
    answers = []
    for branch in rest:
        try:
            step = branch.send(None)
        except StopIteration as end:
            answers.append(end.value)
            continue
        with pytest.raises(StopIteration) as awaited:
            step.call().send(None)
        with pytest.raises(StopIteration) as ended:
            branch.send(awaited.value.value)
        answers.append(ended.value.value)
    with pytest.raises(StopIteration) as ended:
        steps.send(answers)
    assert parts.value_of(ended.value.value) == 6.0


def test_a_call_that_must_not_go_on_asks_no_further_node(parts):
    made = {name: parts.Part(name) for name in ("n0", "n1")}
    refusals = [None, SeldonError("the client disconnected")]
    flight = parts.flight_of(parts.message(1.0), refusal=lambda call: refusals.pop(0))
    with pytest.raises(SeldonError, match="disconnected"):
        parts.take(predict(planned(chain(2), made), flight))
    assert [part.calls for part in made.values()] == [["predict"], []]


def test_only_nodes_of_other_threads_are_asked_by_steps(parts):
    made = {f"n{i}": parts.Part(f"n{i}", 0.0) for i in range(4)}
    made["n1"].executor = made["n2"].executor = "another thread"
    flight = parts.flight_of(parts.message(1.0))
    taken = []

    def noted(steps):
        step = steps.send(None)
        while True:
            taken.append(step.unit.name)
            try:
                step = steps.send((yield step))
            except StopIteration as end:
                return end.value

    answer = parts.take(noted(predict(planned(chain(4), made), flight)))
    assert taken == ["n1", "n3"]
    assert parts.value_of(answer) == 16.0


def test_a_node_that_failed_is_that_of_a_call_whose_time_ends_just_then(parts, is_here):
    root = Node("r", "graph", "TRANSFORMER", None, None, {}, (Node("m", "g.m"),))
    made = {"r": parts.Part("r"), "m": parts.Part("m", fails={"predict"})}
    flight = parts.flight_of(parts.message(1.0), is_here=is_here)
    with pytest.raises(SeldonError, match="m fails"):
        parts.take(predict(planned(root, made), flight))
    assert flight.text() == "the node 'm'"


def test_a_call_does_not_wait_for_a_branch_that_failed(parts, is_here):
    root = Node("c", "graph", "COMBINER", None, None, {}, (Node("a", "g.a"), Node("b", "g.b")))
    made = {"c": parts.Part("c"), "a": parts.Part("a", fails={"predict"}), "b": parts.Part("b")}
    flight = parts.flight_of(parts.message(1.0), is_here=is_here)
    seen = []
    answer = made["b"].answer
    made["b"].answer = lambda *request: (seen.append(flight.text()), answer(*request))[1]
    with pytest.raises(SeldonError, match="a fails"):
        parts.take(predict(planned(root, made), flight))
    assert seen == ["the node 'b'"]
