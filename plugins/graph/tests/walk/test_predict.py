"""Predictions through random graphs, compared with a naive interpreter of the file's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.plugin import TENSOR, ErrorCode, Message, Method, Payload, SeldonError
from seldon_runtime_graph.spec.model import Node
from seldon_runtime_graph.walk.plan import plan
from seldon_runtime_graph.walk.predict import predict

TYPES = [None, "MODEL", "ROUTER", "TRANSFORMER", "COMBINER", "OUTPUT_TRANSFORMER"]
METHODS = ["TRANSFORM_INPUT", "TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK"]
CALLED = ["predict", "transform_input", "transform_output", "route", "aggregate"]


@st.composite
def graphs(draw, most=12):
    """A graph of up to ``most`` nodes, and what each of its components does."""
    count = draw(st.integers(1, most))
    parents = [None, *(draw(st.integers(0, i - 1)) for i in range(1, count))]
    built = {}
    for i in reversed(range(count)):
        children = tuple(built[k] for k in range(i + 1, count) if parents[k] == i)
        methods = draw(st.none() | st.lists(st.sampled_from(METHODS), max_size=3).map(tuple))
        kind = draw(st.sampled_from(TYPES))
        implementation = draw(st.sampled_from([None] * 6 + ["SIMPLE_ROUTER"])) if children else None
        built[i] = Node(f"n{i}", f"graph.n{i}", kind, methods, implementation, {}, children)
    does = {}
    for i in range(count):
        fails = draw(st.sampled_from([*CALLED, *[None] * 40]))
        numbers = float(draw(st.integers(-3, 3))), draw(st.integers(-3, 3))
        does[f"n{i}"] = (*numbers, frozenset([fails] if fails else []))
    return built[0], does


class Wrong(Exception):
    """What the interpreter answers a failing call with."""


def interpret(node, value, parts, routing):
    """The answer of a node, word for word as the executor is described."""

    def ask(method, change):
        parts[node.name].calls.append(method)
        if method in parts[node.name].fails:
            raise Wrong(f"{node.name} fails in {method}")
        return change()

    part, kind, methods = parts[node.name], node.type, set(node.methods or ())
    built_in = node.implementation is not None
    if kind is None and node.methods is None and not built_in:
        kind = "MODEL"
    if built_in:
        kind, methods = None, set()
    if kind == "TRANSFORMER" or "TRANSFORM_INPUT" in methods:
        value = ask("transform_input", lambda: part.changed("transform_input", value))
        routing[node.name] = -1
    elif kind == "MODEL":
        value = ask("predict", lambda: part.changed("predict", value))
        routing[node.name] = -1
    if node.children:
        branch = -1
        if kind == "ROUTER" or "ROUTE" in methods:
            branch = ask("route", lambda: part.route_to)
            if not -2 <= branch < len(node.children):
                raise Wrong(f"the router {node.name!r} chose the branch {branch}")
        elif built_in:
            branch = 0
        routing[node.name] = branch
        if branch != -2:
            chosen = node.children if branch == -1 else [node.children[branch]]
            answers, errors = [], []
            for child in chosen:
                try:
                    answers.append(interpret(child, value, parts, routing))
                except Wrong as error:
                    errors.append(error)
            if errors:
                raise errors[0]
            if kind == "COMBINER" or "AGGREGATE" in methods:
                value = ask("aggregate", lambda: sum(answers) + part.number)
            else:
                value = answers[0]
    if kind == "OUTPUT_TRANSFORMER" or "TRANSFORM_OUTPUT" in methods:
        value = ask("transform_output", lambda: part.changed("transform_output", value))
    return value


def outcome(act):
    """What a function returns, or the message of its error."""
    try:
        return act()
    except (SeldonError, Wrong) as error:
        return str(error)


def planned(root, made):
    found = plan(root)
    for each in found.walk():
        each.unit = made[each.name]
    return found


@given(graphs(), st.integers(-5, 5))
def test_a_random_graph_answers_as_the_naive_interpreter(parts, graph, number):
    root, does = graph

    ours = {name: parts.Part(name, *each) for name, each in does.items()}
    theirs = {name: parts.Part(name, *each) for name, each in does.items()}
    routing, wanted_routing = {}, {}
    wanted = outcome(lambda: interpret(root, float(number), theirs, wanted_routing))
    request = parts.message(float(number))
    found = outcome(lambda: parts.take(predict(planned(root, ours), request, routing, [], is_own=True)))
    if isinstance(wanted, str):
        assert isinstance(found, str)
        assert found.startswith(wanted)
    else:
        assert parts.value_of(found) == wanted
        assert routing == wanted_routing
    assert {n: part.calls for n, part in ours.items()} == {n: part.calls for n, part in theirs.items()}


def chain(length):
    node = None
    for i in reversed(range(length)):
        node = Node(f"n{i}", f"graph.n{i}", "MODEL", None, None, {}, (node,) if node else ())
    return node


def test_a_chain_of_200_nodes_takes_200_steps_and_no_more(parts):
    root = chain(200)
    ours = {node.name: parts.Part(node.name, 0.0) for node in root.walk()}
    routing = {}
    answer = parts.take(predict(planned(root, ours), parts.message(0.0), routing, []))
    assert parts.value_of(answer) == 0.0
    assert routing == dict.fromkeys(ours, -1)
    assert all(part.calls == ["predict"] for part in ours.values())


def test_the_request_itself_is_the_answer_when_no_node_answers(parts):
    request = parts.message(7.0)
    root = Node("r", "graph", "ROUTER", None, None, {}, (Node("a", "graph.a"),))
    found = parts.take(
        predict(planned(root, {"r": parts.Part("r", 0.0, -2), "a": parts.Part("a")}), request, {}, [])
    )
    assert found is request


def test_no_component_can_alter_what_another_one_receives(parts):
    class Alters(parts.Part):
        def answer(self, method, request):
            request.payload.value += 100
            return request

    children = tuple(Node(name, f"graph.{name}", "MODEL") for name in "ab")
    root = Node("c", "graph", "COMBINER", None, None, {}, children)
    made = {"c": parts.Part("c", 0.0), "a": Alters("a"), "b": Alters("b")}
    request = parts.message(1.0)
    assert parts.value_of(parts.take(predict(planned(root, made), request, {}, []))) == 202.0
    assert parts.value_of(request) == 1.0


def test_a_stream_in_the_middle_is_refused(parts):
    class Streams(parts.Part):
        def answer(self, method, request):
            return object()

    root = Node("a", "graph", "MODEL", None, None, {}, (Node("b", "graph.b", "MODEL"),))
    with pytest.raises(SeldonError, match="'b' cannot receive") as raised:
        parts.take(
            predict(planned(root, {"a": Streams("a"), "b": parts.Part("b")}), parts.message(1.0), {}, [])
        )
    assert raised.value.code is ErrorCode.COMPONENT_FAILED


def test_an_average_needs_no_component(parts):
    children = tuple(Node(name, f"graph.{name}", "MODEL") for name in "ab")
    root = Node("avg", "graph", None, None, "AVERAGE_COMBINER", {}, children)
    made = {"avg": None, "a": parts.Part("a", 0.0), "b": parts.Part("b", 3.0)}
    assert parts.value_of(parts.take(predict(planned(root, made), parts.message(1.0), {}, []))) == 3.5


def test_the_meta_reaches_only_methods_that_take_it(parts):
    seen = []

    class Sees(parts.Part):
        def answer(self, method, request):
            seen.append(request.given_meta)
            return super().answer(method, request)

    root = planned(chain(3), {f"n{i}": Sees(f"n{i}") for i in range(3)})
    list(root.walk())[2].wants_meta = frozenset({Method.PREDICT})
    request = Message(Payload(TENSOR, parts.message(1.0).payload.value), given_meta={"tags": {"a": 1}})
    parts.take(predict(root, request, {}, [], is_own=True))
    assert seen == [{"tags": {"a": 1}}, None, {}]
