"""What the author of a transport tells the contract suite about it."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.call import Call
from seldon_runtime.message import Kind, Method
from seldon_runtime.protocols.v1_codec import JsonCodec
from seldon_runtime.service import Service
from seldon_runtime.testing.components import Gated
from seldon_runtime.testing.served import LOCAL, Served
from seldon_runtime.testing.waiting import WAIT_S


class CallFailed(Exception):
    """The transport answered with an error. A contract's client function raises it.

    Args:
        reason: the protocol's, such as ``MICROSERVICE_BAD_DATA`` (``SeldonError.reason``).
        message: ``SeldonError.message``, or as much of it as the wire carries.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class TransportSubject:
    """The part of :class:`TransportContract` that its subclasses define: ``transport`` and :meth:`call`,
    and whatever else differs from the defaults."""

    transport: str
    """The plugin's name in the entry-point group ``seldon_runtime.transport``. It must be installed."""
    methods: frozenset[Method] = frozenset(Method)
    """The calls that the wire can make."""
    kinds: frozenset[Kind] = frozenset(Kind) - {Kind.CUSTOM}
    """The payloads that the wire can carry, STR and NDARRAY at least."""
    carries_deadlines: bool = False
    """Whether :meth:`call` sends ``timeout_s`` along, so that the server knows the deadline."""
    sheds_load: bool = True
    """Whether a full queue refuses calls. False for transports that leave, where they are, messages which
    they have no room for."""
    several_workers: bool = True
    """Whether several worker processes serve it at the one address that the log tells."""
    shares_places: bool = False
    """Whether several may serve at one place, such as a queue; else the second is refused."""
    max_message_bytes: int | None = None
    """The largest request and answer that the wire itself can carry; None: the settings alone limit it."""
    patience_s: float = 1.0
    """How long a call waits that nobody is there to take."""

    @abstractmethod
    def call(self, address: str, method: Method, request: Any, timeout_s: float) -> Any:
        """Make one call over a connection of its own, and wait for its answer. The only method that every
        subclass has to define. Runs in many threads at once.

        Args:
            address: as the transport told it.
            method: one of :attr:`methods`.
            request: the parsed JSON form of the request: a SeldonMessage; a Feedback for SEND_FEEDBACK;
                ``{"seldonMessages": [...]}`` for AGGREGATE; None for HEALTH_STATUS.
            timeout_s: how long to wait.

        Returns:
            The SeldonMessage that was answered, as parsed JSON.

        Raises:
            CallFailed: the answer is an error.
            OSError: nobody is there, or the connection broke, or (TimeoutError) no answer came in time.
        """

    def words(self, folder: Path) -> Sequence[str]:
        """Words of the command line that choose a free place for a test that has this folder."""
        return LOCAL

    def words_at(self, address: str, folder: Path) -> Sequence[str]:
        """Words that choose the place that is at ``address``."""
        return ("--host", "127.0.0.1", "--service-port", address.rpartition(":")[2])

    def words_limiting(self, size: int) -> Sequence[str]:
        """Words that make ``size`` bytes the largest request."""
        return ("--max-body-bytes", str(size))

    def is_ready(self, address: str) -> bool:
        """Ask the transport's readiness probe, if it has one. OSError counts as not ready."""
        pytest.skip(f"{self.transport} has no readiness probe")

    def metadata(self, address: str) -> Any:
        """Ask for the component's metadata, if the transport serves them: the parsed document."""
        pytest.skip(f"{self.transport} does not serve metadata")

    def send_rubbish(self, address: str, rubbish: bytes) -> None:
        """Send bytes that are no request, and wait until the server has dealt with them, if the wire lets
        a client do so. OSError and CallFailed are fine."""
        pytest.skip(f"{self.transport} has no client that can send rubbish")

    def leave(self, address: str, request: Any, until: Callable[[], None]) -> None:
        """Make a PREDICT call, wait until ``until()`` returns, and go away without the answer, if the
        transport notices that."""
        pytest.skip(f"{self.transport} does not notice that a client leaves")

    # what the suite's own tests use

    @pytest.fixture
    def serve(self, tmp_path: Path) -> Iterator[Callable[..., Served]]:
        """``serve(user, *words)``: a started :class:`Served` of this transport, stopped after the test."""
        made: list[Served] = []
        gates: list[Gated] = []

        def serve(user: object, *words: str, started: bool = True, **options: Any) -> Served:
            if isinstance(user, Gated):
                gates.append(user)
            made.append(Served(self.transport, user, [*self.words(tmp_path), *words], **options))
            return made[-1].start() if started else made[-1]

        yield serve
        for gated in gates:
            gated.open()
        for served in reversed(made):
            served.stop()

    def ask(self, served: Served, request: Any, method: Method = Method.PREDICT) -> Any:
        """One call that has time."""
        return self.call(served.address, method, request, WAIT_S)

    def ask_text(self, served: Served, text: str) -> str:
        """The text that PREDICT answers to a text."""
        answer: str = self.ask(served, {"strData": text})["strData"]
        return answer

    def failure(self, served: Served, request: Any, method: Method = Method.PREDICT) -> CallFailed:
        """The error that a call is answered with."""
        with pytest.raises(CallFailed) as caught:
            self.ask(served, request, method)
        return caught.value

    def skip_unless_called(self, method: Method) -> None:
        """Skip a test of a call that the wire cannot make."""
        if method not in self.methods:
            pytest.skip(f"{self.transport} has no {method.value}")


def answer_in_process(service: Service, method: Method, request: Any) -> Any:
    """What the service answers to the same request as JSON, without a transport: what every transport's
    answer is compared with. Raises SeldonError."""
    text = None if request is None else json.dumps(request)
    return json.loads(service.call(Call(method, text, JsonCodec(service.limits), "in process")))
