"""Random graphs, and the naive interpreter that says what each of them answers."""

from __future__ import annotations

from hypothesis import strategies as st

from seldon_runtime.plugin import (
    SeldonError,
)
from seldon_runtime_graph.spec.model import Node

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
    """The error of a failing call."""


def interpret(node, value, parts, routing):
    """Return the answer of a node, word for word as the executor is described."""

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
    """Return the result of a function, or the message of its error."""
    try:
        return act()
    except (SeldonError, Wrong) as error:
        return str(error)
