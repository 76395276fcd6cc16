"""The service of a graph: it runs the steps of each call on the threads of the nodes."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from seldon_runtime.plugin import (
    Batcher,
    Call,
    ComponentFailed,
    ComposedService,
    Done,
    ErrorCode,
    Feedback,
    Identity,
    Limits,
    Message,
    Meta,
    Method,
    RawCodec,
    Request,
    SeldonError,
    ServiceType,
    Steps,
    Stream,
    Unit,
)
from seldon_runtime_graph.call.puid import HEADER, Puids, WithPuid, puid_of
from seldon_runtime_graph.call.split import SHADOW, Split
from seldon_runtime_graph.call.timeouts import BoundedCall
from seldon_runtime_graph.call.tracing import is_asked_for, traced
from seldon_runtime_graph.drawings.svg import picture
from seldon_runtime_graph.drawings.tree import tree
from seldon_runtime_graph.health import health_of
from seldon_runtime_graph.late_metadata import LateMetadata
from seldon_runtime_graph.loading import LoadedGraph
from seldon_runtime_graph.metadata import describe, document_of
from seldon_runtime_graph.walk.feedback import learn, routing_of
from seldon_runtime_graph.walk.flight import Flight, PassedOn
from seldon_runtime_graph.walk.naming import named
from seldon_runtime_graph.walk.predict import predict
from seldon_runtime_graph.walk.told_stream import Counted
from seldon_runtime_graph.walk.whereabouts import Whereabouts

_PREDICT, _SEND_FEEDBACK, _HEALTH_STATUS = Method.PREDICT, Method.SEND_FEEDBACK, Method.HEALTH_STATUS
_METHODS = frozenset({_PREDICT, _SEND_FEEDBACK})
_ANSWERED = _METHODS | {_HEALTH_STATUS, Method.METADATA}


class GraphService(ComposedService):
    """One or several graphs behind one entrance.

    Args:
        graphs: the loaded graphs of the predictors.
        name: the name of the deployment.
        limits: the limits that transports enforce on requests.
        error_details: True to send clients the message of an exception in user code.
        traces: True to answer X-Seldon-Trace with the times of the nodes.
    """

    def __init__(
        self,
        graphs: Sequence[LoadedGraph],
        name: str,
        *,
        limits: Limits,
        error_details: bool = True,
        traces: bool = False,
    ) -> None:
        self.graphs = tuple(graphs)
        self.name = name
        self._split = Split(graphs, name)
        self._traces = traces
        main = self._split.main
        root = main.nodes[main.root.name].resolved
        predictor = None if len(graphs) > 1 else main.predictor.name
        self._identity = Identity(root.node.name, root.image, name, predictor, main.predictor.labels)
        units: list[Unit] = []
        for graph in (main, *(each for each in graphs if each is not main)):
            units += graph.units
        timeouts = [graph.predictor.timeout_s for graph in graphs if graph.predictor.timeout_s is not None]
        self._timeout_s = min(timeouts, default=None)
        self._puids = Puids()
        self._bounds: dict[Call, BoundedCall] = {}
        self._batches = False
        self._at_entrance = Whereabouts(units[0].identity.unit).text
        super().__init__(units, limits=limits, metadata=describe(main), error_details=error_details)
        self._late_metadata = LateMetadata(graphs, self._describe_again)
        aside = {unit.executor for unit in self._split.shadow_units} - {
            unit.executor for graph in self._split.served for unit in graph.units
        }
        self._first = units[0].executor
        self._direct = {graph for graph in graphs if graph.runs_on(self._first)}
        """The graphs whose nodes all run on the thread on which calls begin."""
        self._executors = tuple({unit.executor: None for unit in units if unit.executor not in aside})
        self._aside = tuple(aside)
        is_fixed = all(unit.predictor.health_is_fixed for unit in units)
        self.immediate = frozenset({Method.METADATA, _HEALTH_STATUS} if is_fixed else {Method.METADATA})

    @property
    def identity(self) -> Identity:
        """The names of the root."""
        return self._identity

    @property
    def service_type(self) -> ServiceType:
        """A graph answers predictions, like a model."""
        return ServiceType.MODEL

    @property
    def class_name(self) -> str:
        """The name of the deployment."""
        return self.name

    @property
    def user(self) -> object | None:
        """None: a graph has many objects."""
        return None

    @property
    def methods(self) -> frozenset[Method]:
        """The calls that a graph answers."""
        return _METHODS

    @property
    def waiting(self) -> int:
        """The number of steps that wait for the threads of the nodes at this moment, a shadow's aside."""
        return sum([executor.waiting for executor in self._executors])

    def accept(self, call: Call, done: Done) -> None:
        """Queue a call; refuse it when ``queue_size`` steps wait in the whole graph.

        A call of a single component is refused before anybody reads it, as it may have another form.
        """
        if call.method is not _PREDICT and call.method not in _ANSWERED:
            raise SeldonError(
                f"a graph answers predictions and feedback, not {call.method.value}",
                code=ErrorCode.NOT_IMPLEMENTED,
            )
        if call.transport == SHADOW:  # it must not hold up the others, nor they it
            for executor in self._aside:
                executor.require_room()
        elif len(self._executors) > 1 and self.waiting >= self.queue_size:  # else the only one refuses
            raise self._overloaded()
        if call.deadline is not None:
            call.waits_for = self._at_entrance
        if call.method is not _HEALTH_STATUS:
            self._identify(call)
            if self._timeout_s is not None:
                done = self._bounds[call] = BoundedCall(done, self._timeout_s, self.timers.call_at)
        self._first.submit(partial(self.run, call, done))

    def _overloaded(self) -> SeldonError:
        fullest = max(self._executors, key=lambda executor: executor.waiting)
        place = Whereabouts()
        place.below([str(unit.identity.unit) for unit in self.units if unit.executor is fullest])
        retry_after_s = max(executor.retry_after_s for executor in self._executors)
        return SeldonError(
            f"{self.queue_size} steps of requests are waiting in the graph already, most for {place.text()}; "
            "try again later",
            code=ErrorCode.OVERLOADED,
            headers={"Retry-After": str(retry_after_s)},
        )

    def batch(self, batchers: Mapping[Unit, Batcher]) -> None:
        """Answer the waiting steps of some nodes by plugins' batchers."""
        super().batch(batchers)
        self._batches = bool(batchers)
        for graph in self.graphs:
            for node in graph.root.walk():
                if node.unit in batchers:
                    node.ask_with_messages()

    def _identify(self, call: Call) -> None:
        found = puid_of(call.headers)
        if found is None:
            found = self._puids.new()
            call.headers = WithPuid(call.headers, found)
        headers = call.response_headers
        call.response_headers = {HEADER: found} if headers is None else {**headers, HEADER: found}

    def finish(self, call: Call, done: Done, answer: Any, error: SeldonError | None, started: float) -> None:
        """End a call, and forget its time limits.

        A node's exception reaches the client as its text alone, as the incumbent's engine passes it on; with
        its type if the text alone says nothing.
        """
        if self._bounds:
            self._bounds.pop(call, None)
        if type(error) is ComponentFailed and (text := _text_of(error.__cause__)):
            error.message = text
        ComposedService.finish(self, call, done, answer, error, started)

    def steps(self, call: Call, request: Request) -> Steps | Message | Stream:
        """Return the steps of a prediction or a feedback; the answer itself if it is there at once."""
        if call.method is _SEND_FEEDBACK:
            assert isinstance(request, Feedback)
            return self._learn(call, request)
        assert isinstance(request, Message)
        routing: dict[str, int] = {}
        split = self._split
        graph = split.only or split.choose(call, request, routing, self.submit)
        counted: Counted = []
        call.unit_metrics = counted
        bound = self._bounds.pop(call, None) if self._bounds else None
        is_traced = self._traces and is_asked_for(call.headers)
        makes_steps = is_traced or bound is not None or self._batches
        executor, stays = (None, False) if makes_steps else (self._first, graph in self._direct)
        flight = Flight(request, routing, counted, call, self.refusal, executor, stays, True)
        if call.deadline is not None:
            flight.asked = graph.root.name
            call.waits_for = flight.text
        answer = predict(graph.root, flight)
        if not makes_steps:
            return answer
        assert isinstance(answer, Generator)
        steps = traced(answer) if is_traced else answer
        return steps if bound is None else bound.bounded(steps)

    def _learn(self, call: Call, feedback: Feedback) -> Steps:
        graph = self._split.of_feedback(feedback)
        counted: Counted = []
        call.unit_metrics = counted
        place = Whereabouts(graph.root.name)
        call.waits_for = place.text
        steps = learn(graph.root, feedback, routing_of(feedback, graph.root), counted, place)
        bound = self._bounds.pop(call, None)
        answer = yield from (steps if bound is None else bound.bounded(steps))
        return replace(answer, metrics=()) if isinstance(answer, Message) else answer

    def metadata(self) -> Mapping[str, Any]:
        """Return the document of the graph, as far as its nodes are known: those elsewhere may start later.

        Raises:
            SeldonError: the document is invalid.
        """
        self._late_metadata.ask()
        return super().metadata()

    def _describe_again(self) -> None:
        self._metadata = describe(self._split.main)

    def metadata_for(self, call: Call) -> Mapping[str, Any]:
        """Return the document of the graph, or of the node that ``call.wire`` names.

        Raises:
            SeldonError: NOT_FOUND, or the document is invalid.
        """
        if not (isinstance(call.wire, str) and call.wire):
            return self.metadata()
        self._late_metadata.ask()
        return document_of(self.graphs, call.wire)

    def health(self, call: Call) -> Steps | None:
        """Return the steps that ask every node for its health, or the node that ``call.wire`` names."""
        place = Whereabouts()
        call.waits_for = place.text
        return health_of(self.graphs, call.wire, place)

    def encode(self, call: Call, answer: Message) -> Any:
        """Return the wire answer; a request that no node answered keeps its unknown members.

        Raises:
            SeldonError: the answer cannot be written; the message names the node that answered last.
        """
        codec = call.codec
        if type(answer) is PassedOn and isinstance(codec, RawCodec):
            parsed = codec.parse(call.method, call.wire)
            return codec.annotate(call.method, parsed, Message(None, Meta(routing=answer.meta.routing)))
        try:
            return ComposedService.encode(self, call, answer)
        except SeldonError as error:
            if error.code is ErrorCode.BAD_DATA or not answer.meta.request_path:
                raise  # the client wants another answer, or an interceptor gave it
            graph = self._split.of_answer(answer.meta.routing)
            name = graph.root.last(answer.meta.routing)
            raise (error if name is None else named(error, name)) from error.__cause__

    def outline(self) -> str:
        """Return a drawing of each graph as a tree."""
        return "\n".join(tree(graph) for graph in self.graphs)

    def picture(self) -> str:
        """Return a picture of the graphs, with the class or the address of each node."""
        return picture([(graph.predictor, graph.runs) for graph in self.graphs])


def _text_of(cause: BaseException | None) -> str:
    """Return the text of an exception; an empty one if it says nothing without the type, such as a key."""
    try:
        text = str(cause).strip()
    except Exception:  # noqa: BLE001 - a user's __str__ may raise; the answer must still go out
        return ""
    return "" if isinstance(cause, KeyError) or not any(map(str.isalpha, text)) else text
