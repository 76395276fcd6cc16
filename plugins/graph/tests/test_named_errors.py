"""Errors of graphs: the text names the node at fault, over each protocol."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from seldon_runtime.plugin import Answer, Interceptor, Kind, Message, Meta, Payload
from seldon_runtime.testing import Background, wait_until
from tests.support.graph_clients import STREAMS, WAYS, by_rest, feedback_by_grpc, feedback_by_rest

BROKEN, STREAMED, GATED = "graph_classes.Broken", "graph_classes.Streamed", "graph_classes.Gated"
EACH_WAY = pytest.mark.parametrize("ask", WAYS)
EACH_STREAM = pytest.mark.parametrize("ask", STREAMS)
THREADS = pytest.mark.parametrize("threads", ["each", "one"])
COMPLEX = "__import__('numpy').array([[1j]])"
OBJECTS = "__import__('numpy').array([[object()]])"
INFINITE = "__import__('numpy').array([[float('inf')]])"
CLASSES = Path(__file__).parent / "classes"


@pytest.fixture
def chain(serve, make):
    """``chain(expression, class, *options)``: a chain of three, whose last or other node is of that class."""

    def chain(expression, *options, at="d", kind=BROKEN):
        given = {at: {"expression": expression}}
        last = make.node("d", None, parameters=given.get("d", {}))
        graph = make.node("a", None, make.node("b", None, last, parameters=given.get("b", {})))
        classes = dict.fromkeys("abd", BROKEN) | {at: kind}
        return serve(graph, *options, api_type="REST,GRPC", classes=classes).serving

    return chain


@THREADS
@EACH_WAY
def test_an_answer_that_is_no_value_names_its_node(chain, ask, threads):
    _, text = ask(chain("object()", "--graph-threads", threads), "a")
    assert text.startswith("the node 'd': the component returned object")


@EACH_WAY
@pytest.mark.parametrize("expression", [COMPLEX, OBJECTS])
def test_an_answer_that_no_protocol_can_write_names_its_node(chain, ask, expression):
    status, text = ask(chain(expression), "a")
    assert status in (500, "INTERNAL")
    assert text.startswith("the node 'd': the component's ")


@EACH_WAY
def test_complex_numbers_that_cannot_be_passed_on_name_their_node(chain, ask):
    status, text = ask(chain(COMPLEX, at="b"), "a")
    assert status in (500, "INTERNAL")
    assert text.startswith(
        ("the node 'b': the component's ", "the answer of the node 'b' cannot be passed on: ")
    )


@pytest.mark.parametrize("ask", WAYS[:3])
def test_an_infinity_that_the_setting_forbids_names_the_node(chain, ask):
    _, text = ask(chain(INFINITE, "--non-finite", "error"), "a")
    assert text.startswith("the node 'd': ")


def test_an_answer_that_cannot_be_written_names_the_node_that_answered_last(serve, make):
    broken = {"expression": INFINITE}
    x, y = make.node("x", parameters=broken), make.node("y", parameters=broken)
    graphs = {
        "avg": make.node("avg", None, x, y, implementation="AVERAGE_COMBINER"),
        "c": make.node("c", "COMBINER", x, y),
        "o": make.node("o", "OUTPUT_TRANSFORMER", x),
        "y": make.node("r", "ROUTER", x, y, parameters={"route_to": 1}),
        "x": make.node("p", None, x, y, methods=[]),
        "t": make.node("t", "TRANSFORMER", x, methods=["ROUTE"], parameters={"route_to": -2, "add": 1e999}),
    }
    for wanted, graph in graphs.items():
        served = serve(graph, "--non-finite", "error", classes={"x": BROKEN, "y": BROKEN, "avg": None})
        assert by_rest(served.serving, "")[1].startswith(f"the node '{wanted}': ")


def test_an_answer_of_one_predictor_of_several_names_its_node(serve, make):
    main = make.predictor(make.node("a"), traffic=0)
    broken = make.node("b", parameters={"expression": INFINITE})
    canary = make.predictor(broken, "canary", classes={"b": BROKEN}, traffic=100)
    served = serve(make.deployment(main, canary), "--predictor", "all", "--non-finite", "error")
    assert by_rest(served.serving, "")[1].startswith("the node 'b': ")


class Through(Interceptor):
    """Leaves everything as it is."""

    def before(self, call, request):
        return request


class Adds(Interceptor):
    """Adds a tag to every answer."""

    def __init__(self, tag):
        self.tag = tag

    def after(self, call, answer):
        return Message(answer.payload, Meta(tags={"own": self.tag}))


class Answers(Interceptor):
    """Answers in place of the graph, with a tag that no codec writes."""

    def before(self, call, request):
        return Answer(Message(Payload(Kind.STR, "own"), Meta(tags={"own": object()})))


@EACH_WAY
@pytest.mark.parametrize("expression", [COMPLEX, OBJECTS])
def test_an_answer_that_no_protocol_can_write_names_its_node_behind_interceptors(chain, ask, expression):
    serving = chain(expression)
    serving._service.attach([], [Through(), Adds("x")])
    status, text = ask(serving, "a")
    assert status in (500, "INTERNAL")
    assert text.startswith("the node 'd': the component's ")


@pytest.mark.parametrize("ask", WAYS[:3])
def test_an_infinity_that_the_setting_forbids_names_the_node_behind_interceptors(chain, ask):
    serving = chain(INFINITE, "--non-finite", "error")
    serving._service.attach([], [Through(), Adds("x")])
    assert ask(serving, "a")[1].startswith("the node 'd': ")


@pytest.mark.parametrize("interceptor", [Adds(object()), Answers()])
def test_an_answer_that_an_interceptor_spoilt_names_no_node(chain, interceptor):
    serving = chain("X")
    serving._service.attach([], [interceptor])
    status, text = by_rest(serving, "a")
    assert status == 500
    assert "node" not in text


def test_a_fault_of_the_request_names_no_node(chain):
    serving = chain("X")
    assert not by_rest(serving, "a", value=[[1.0], "x"])[1].startswith("the node")


def test_an_output_that_the_client_wants_and_no_model_has_names_no_node(serve, make):
    served = serve(make.node("a", None, make.node("d")))
    tensor = {"name": "x", "datatype": "FP64", "shape": [1, 1], "data": [1.0]}
    answer = served.ask("POST", "/v2/models/a/infer", {"inputs": [tensor], "outputs": [{"name": "z"}]})
    assert answer.status == 400
    assert answer.json["error"].startswith("the model has no output 'z'")


@THREADS
@EACH_STREAM
@pytest.mark.parametrize("kind", [STREAMED, f"{STREAMED}Later"])
@pytest.mark.parametrize("expression", ["object()", COMPLEX, OBJECTS])
def test_an_item_of_a_stream_that_is_no_value_names_its_node(chain, ask, threads, kind, expression):
    _, text = ask(chain(expression, "--graph-threads", threads, kind=kind), "a")
    assert text.startswith("the node 'd': the component")


@EACH_WAY
@pytest.mark.parametrize("expression", ["object()", COMPLEX])
def test_an_item_of_a_stream_that_is_joined_names_its_node(chain, ask, expression):
    _, text = ask(chain(expression, kind=STREAMED), "a")
    assert text.startswith("the node 'd': the component")


@EACH_STREAM
def test_an_error_that_a_stream_raises_stays(chain, ask):
    assert ask(chain("fail('no more')", kind=STREAMED), "a")[1] == "ValueError: no more"


@EACH_WAY
def test_a_stream_in_the_middle_names_both_nodes(chain, ask):
    _, text = ask(chain("1.0", at="b", kind=STREAMED), "a")
    assert text.startswith("the node 'b' answers with a stream, which the node 'd' cannot receive")


@EACH_WAY
@THREADS
def test_a_generator_from_a_router_names_the_router_and_the_method(serve, make, ask, threads):
    graph = make.node("r", "ROUTER", make.node("x"), parameters={"expression": "(i for i in (1, 2))"})
    served = serve(graph, "--graph-threads", threads, api_type="REST,GRPC", classes={"r": BROKEN})
    assert ask(served.serving, "r")[1] == (
        "the node 'r': route returned a generator, expected the result itself"
    )


@EACH_WAY
def test_an_average_names_the_child_whose_answer_does_not_fit(serve, make, ask):
    graph = make.node(
        "avg",
        None,
        make.node("x"),
        make.node("y", parameters={"expression": "[[1.0, 2.0, 3.0]]"}),
        implementation="AVERAGE_COMBINER",
    )
    served = serve(graph, api_type="REST,GRPC", classes={"y": BROKEN, "avg": None})
    wanted = "the combiner 'avg' receives the shape (1, 3) from 'y', expected (1, 1) as from 'x'"
    assert ask(served.serving, "avg")[1] == wanted


@EACH_WAY
def test_a_full_graph_names_the_node_for_which_most_steps_wait(serve, make, ask):
    graph = make.node("a", None, make.node("b"))
    served = serve(graph, "--queue-size", "3", api_type="REST,GRPC", classes={"b": GATED})
    unit = served.service.units[1]
    user, calls = unit.user, []
    try:
        for others in range(4):  # one by one: too many at once would be refused before they reach the node
            calls.append(Background(lambda: served.predict()))
            wait_until(
                lambda others=others: len(user.entered) + unit.executor.waiting > others, "a call to wait"
            )
        status, text = ask(served.serving, "a")
    finally:
        user.opened.set()
    assert status in (503, "UNAVAILABLE", "RESOURCE_EXHAUSTED")
    assert (
        text == "3 steps of requests are waiting in the graph already, most for the node 'b'; try again later"
    )
    assert [call.outcome.status for call in calls] == [200] * 4


@pytest.fixture
def run_in_batches(seldon_run, make, file_of):
    """``run_in_batches(*options)``: a process that serves a chain in batches, whose node ``b`` takes 2 s."""

    def run_in_batches(*options, **more):
        slow = make.node("b", None, make.node("d"), parameters={"wait_s": 2.0})
        file = file_of(make.deployment(make.predictor(make.node("a", None, slow), **more)))
        server = seldon_run(str(file), "REST,GRPC", "--extension", "batching", *options, folder=CLASSES)
        addresses = {name: f"{name}://127.0.0.1:{port}" for name, port in server.ports.items()}
        return SimpleNamespace(addresses=addresses)

    return run_in_batches


@THREADS
def test_a_node_with_batches_that_takes_too_long_is_named(run_in_batches, threads):
    serving = run_in_batches("--timeout", "0.3", "--graph-threads", threads)
    for ask in WAYS if threads == "each" else WAYS[:1]:  # else the next call waits for the first node
        status, text = ask(serving, "a")
        assert status in (504, "DEADLINE_EXCEEDED")
        assert text == "the call was not answered within its time: it was waiting for the node 'b'"


def test_a_node_with_batches_that_exceeds_its_own_limit_is_named(run_in_batches):
    serving = run_in_batches(annotations={"seldon.io/rest-timeout": "200"})
    assert by_rest(serving, "a") == (504, "the node 'b' did not answer within 0.2 s")


@pytest.mark.parametrize("tell", [feedback_by_rest, feedback_by_grpc])
def test_a_feedback_that_a_class_cannot_take_names_the_node_over_each_transport(serve, make, tell):
    graph = make.node("a", None, make.node("b", parameters={"tags": "5"}))
    served = serve(graph, api_type="REST,GRPC", classes={"b": BROKEN})
    assert tell(served.serving, "a")[1] == "the node 'b': tags() is int, expected a dict"
