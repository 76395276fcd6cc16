"""The description of a transport for the contract suite, written by the transport's author."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.inference.call import Call
from seldon_runtime.inference.message import Kind
from seldon_runtime.inference.method import USER_METHODS, Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.testing.components import Awaiting, Gated, Yields
from seldon_runtime.testing.served import LOCAL, Served
from seldon_runtime.testing.waiting import WAIT_S


class CallFailed(Exception):
    """An error response of a transport, raised by a contract's client function.

    Args:
        reason: the protocol's reason, such as ``MICROSERVICE_BAD_DATA`` (``SeldonError.reason``).
        message: ``SeldonError.message``, or as much of it as the wire carries.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class TransportSubject:
    """The part of :class:`TransportContract` that subclasses define.

    They define ``transport`` and :meth:`call`, and the members that differ from the defaults.
    """

    transport: str
    """The plugin's name in the entry-point group ``seldon_runtime.transport``. It must be installed."""
    methods: frozenset[Method] = frozenset(USER_METHODS)
    """The methods that clients of the transport can call."""
    kinds: frozenset[Kind] = frozenset(Kind) - {Kind.CUSTOM, Kind.ARRAYS}
    """The payload kinds that the wire format can carry, at least STR and NDARRAY."""
    carries_deadlines: bool = False
    """True if :meth:`call` sends ``timeout_s`` to the server as a deadline."""
    sheds_load: bool = True
    """True if a full queue refuses calls. False for transports that leave messages in place meanwhile."""
    several_workers: bool = True
    """True if several worker processes can serve the transport at one address."""
    shares_places: bool = False
    """True if several processes may serve at one place, such as a queue; otherwise the second one fails."""
    max_message_bytes: int | None = None
    """The largest message that the wire format can carry; None if only the settings limit it."""
    patience_s: float = 1.0
    """The timeout of calls that no server takes."""

    @abstractmethod
    def call(self, address: str, method: Method, request: Any, timeout_s: float) -> Any:
        """Make one call over a connection of its own, and return its answer. Runs on many threads at once.

        Every subclass must define this method.

        Args:
            address: the transport's address.
            method: one of :attr:`methods`.
            request: the parsed JSON form of the request: a SeldonMessage; a Feedback for SEND_FEEDBACK;
                ``{"seldonMessages": [...]}`` for AGGREGATE; None for HEALTH_STATUS.
            timeout_s: the seconds to wait.

        Returns:
            The SeldonMessage of the response, as parsed JSON.

        Raises:
            CallFailed: the answer is an error.
            OSError: no server listens, the connection broke, or (TimeoutError) no answer came in time.
        """

    def words(self, folder: Path) -> Sequence[str]:
        """Return command-line words that serve at a free place, for a test with this folder."""
        return LOCAL

    def words_at(self, address: str, folder: Path) -> Sequence[str]:
        """Return command-line words that serve at ``address``."""
        return ("--host", "127.0.0.1", "--service-port", address.rpartition(":")[2])

    def words_limiting(self, size: int) -> Sequence[str]:
        """Return command-line words that limit requests to ``size`` bytes."""
        return ("--max-body-bytes", str(size))

    def is_ready(self, address: str) -> bool:
        """Return the result of the readiness probe. OSError counts as not ready. Skips without a probe."""
        pytest.skip(f"{self.transport} has no readiness probe")

    def metadata(self, address: str) -> Any:
        """Return the parsed metadata document. Skips if the transport does not serve metadata."""
        pytest.skip(f"{self.transport} does not serve metadata")

    def send_rubbish(self, address: str, rubbish: bytes) -> None:
        """Send invalid bytes, and wait until the server has handled them. OSError and CallFailed are fine.

        Skips if a client cannot send invalid bytes.
        """
        pytest.skip(f"{self.transport} has no client that can send rubbish")

    def leave(self, address: str, request: Any, until: Callable[[], None]) -> None:
        """Make a PREDICT call, wait until ``until()`` returns, and disconnect without the answer.

        Skips if the transport does not detect disconnected clients.
        """
        pytest.skip(f"{self.transport} does not detect disconnected clients")

    def stream(self, address: str, request: Any, timeout_s: float) -> Iterator[Any]:
        """Ask PREDICT for a stream, and yield the SeldonMessage of each item, as parsed JSON, as it arrives.

        Write a generator: closing it disconnects, and it reads an item only when the test wants it. Raises
        as :meth:`call` does, also after some items. Skips if clients of the transport cannot take streams.
        """
        pytest.skip(f"{self.transport} has no streams")

    # for the suite's own tests

    @pytest.fixture
    def serve(self, tmp_path: Path) -> Iterator[Callable[..., Served]]:
        """``serve(user, *words)``: a started :class:`Served` of this transport, stopped after the test."""
        made: list[Served] = []
        gates: list[Gated | Awaiting | Yields] = []

        def serve(user: object, *words: str, started: bool = True, **options: Any) -> Served:
            if isinstance(user, Gated | Awaiting | Yields):
                gates.append(user)
            made.append(Served(self.transport, user, [*self.words(tmp_path), *words], **options))
            return made[-1].start() if started else made[-1]

        yield serve
        for gated in gates:
            gated.open()
        for served in reversed(made):
            served.stop()

    def ask(self, served: Served, request: Any, method: Method = Method.PREDICT) -> Any:
        """Return the answer to a call with a long timeout."""
        return self.call(served.address, method, request, WAIT_S)

    def ask_text(self, served: Served, text: str) -> str:
        """Return the text that PREDICT answers to a text."""
        answer: str = self.ask(served, {"strData": text})["strData"]
        return answer

    def failure(self, served: Served, request: Any, method: Method = Method.PREDICT) -> CallFailed:
        """Return the error of a call that must fail."""
        with pytest.raises(CallFailed) as caught:
            self.ask(served, request, method)
        return caught.value

    def skip_unless_called(self, method: Method) -> None:
        """Skip a test of a method that clients of the transport cannot call."""
        if method not in self.methods:
            pytest.skip(f"{self.transport} has no {method.value}")


def answer_in_process(service: Service, method: Method, request: Any) -> Any:
    """Return the service's answer to a JSON request, without a transport; raise SeldonError for an error.

    Tests compare every transport's answer with it.
    """
    text = None if request is None else json.dumps(request)
    return json.loads(service.call(Call(method, text, JsonCodec(service.limits), "in process")))
