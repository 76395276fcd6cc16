"""The contract suite of interceptors."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from abc import abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.interceptor import Interceptor
from seldon_runtime.service.service import Service
from seldon_runtime.testing.components import Counting, Gated, Mirror
from seldon_runtime.testing.contracts.transport.answers import REQUESTS
from seldon_runtime.testing.parity import assert_same_answer
from seldon_runtime.testing.served import Services
from seldon_runtime.testing.waiting import WAIT_S, Background, wait_until, within

_CLIENTS = 8
_CALLS = 10
_REFUSED = 200


class InterceptorContract:
    """The contract of interceptors. Subclass it as ``TestMyInterceptor`` and define :meth:`make_interceptor`.

    The interceptor must admit the tests' calls: set the :attr:`headers` that it requires. Needs the fixtures
    of ``seldon_runtime.testing.fixtures``.
    """

    headers: Mapping[str, str] = {}
    """The headers of every call, such as a token; names in lower case."""
    passes_unchanged: bool = True
    """True if the interceptor does not change answers."""

    @abstractmethod
    def make_interceptor(self, service: Service) -> Interceptor:
        """Return a new interceptor, as the plugin's ``seldon_interceptor`` does."""

    @pytest.fixture
    def intercepted(self, make_service: Services) -> ComponentService:
        """A service of :class:`Mirror` with the interceptor."""
        return self.around(make_service(Mirror()))

    def around(self, service: ComponentService) -> ComponentService:
        """Return the service with a new interceptor around its calls."""
        service.attach([], [self.make_interceptor(service)])
        return service

    def make_call(self, service: Service, method: Method, request: Any) -> Call:
        """Return a call as a transport makes it."""
        wire = None if request is None else json.dumps(request).encode()
        return Call(method, wire, JsonCodec(service.limits), "test", headers=dict(self.headers))

    def ask(self, service: Service, method: Method, request: Any) -> Any:
        """Return the parsed answer; raise SeldonError for an error."""
        return json.loads(service.call(self.make_call(service, method, request)))

    def ask_text(self, service: Service, text: str) -> Any:
        """Return the answer of PREDICT to a text."""
        return self.ask(service, Method.PREDICT, {"strData": text})

    @pytest.mark.parametrize("method", Method, ids=lambda method: method.value)
    def test_every_call_is_answered_on_its_wire(self, intercepted: ComponentService, method: Method) -> None:
        answer = intercepted.call(self.make_call(intercepted, method, REQUESTS[method]))
        assert isinstance(answer, bytes), "the answer must be what the call's codec writes"
        assert isinstance(json.loads(answer), dict)

    @pytest.mark.parametrize("method", Method, ids=lambda method: method.value)
    def test_answers_are_the_components(
        self, intercepted: ComponentService, make_service: Services, method: Method
    ) -> None:
        if not self.passes_unchanged:
            pytest.skip("the interceptor changes answers")
        expected = self.ask(make_service(Mirror()), method, REQUESTS[method])
        assert_same_answer(expected, self.ask(intercepted, method, REQUESTS[method]))

    @pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
    def test_errors_are_the_components(self, intercepted: ComponentService, code: ErrorCode) -> None:
        with pytest.raises(SeldonError) as caught:
            self.ask_text(intercepted, code.name)
        assert (caught.value.code, caught.value.message) == (code, f"it is {code.name}")

    def test_a_failure_of_user_code_stays_one(self, intercepted: ComponentService) -> None:
        with pytest.raises(SeldonError) as caught:
            self.ask_text(intercepted, "exception")
        assert caught.value.code is ErrorCode.COMPONENT_FAILED
        assert caught.value.message == "ValueError: grüß 日本 \U0001f600"

    @pytest.mark.parametrize("wire", [b"rubbish", b"", b"null", b"[1]", b'{"strData": 1}'])
    def test_a_malformed_request_is_the_callers_fault(
        self, intercepted: ComponentService, wire: bytes
    ) -> None:
        call = self.make_call(intercepted, Method.PREDICT, {})
        call.wire = wire
        with pytest.raises(SeldonError) as caught:
            intercepted.call(call)
        assert caught.value.code is ErrorCode.BAD_DATA

    def test_a_call_with_the_least_of_fields_has_an_outcome(self, intercepted: ComponentService) -> None:
        call = Call(Method.PREDICT, b'{"strData": "bare"}', JsonCodec(intercepted.limits), "other")
        try:
            assert isinstance(intercepted.call(call), bytes)
        except SeldonError as error:
            assert error.code is not ErrorCode.COMPONENT_FAILED  # noqa: PT017 - a refusal is not a fault

    def test_a_wire_that_is_parsed_already_is_fine(self, intercepted: ComponentService) -> None:
        call = self.make_call(intercepted, Method.PREDICT, None)
        call.wire = {"strData": "parsed"}
        assert isinstance(intercepted.call(call), bytes)

    def test_calls_of_many_clients_are_not_mixed_up(self, make_service: Services) -> None:
        service = self.around(make_service(Mirror()))
        plain = make_service(Mirror())

        def client(number: int) -> list[str]:
            texts = [f"client {number}, call {i}" for i in range(_CALLS)]
            return [text for text in texts if self.ask_text(service, text) != self.ask_text(plain, text)]

        if not self.passes_unchanged:
            pytest.skip("the interceptor changes answers")
        with ThreadPoolExecutor(_CLIENTS) as pool:
            assert list(pool.map(client, range(_CLIENTS))) == [[]] * _CLIENTS

    def test_calls_that_wait_together_are_all_answered(self, make_service: Services) -> None:
        gated = Gated()
        service = self.around(make_service(gated))
        running = Background(lambda: self.ask_text(service, "wait"))
        gated.wait_until_entered()
        waiting = [Background(lambda: self.ask_text(service, "queued")) for _ in range(_CLIENTS)]
        gated.open()
        for client in (running, *waiting):
            assert isinstance(client.outcome, dict), client.outcome

    def test_calls_of_an_event_loop_are_answered(self, intercepted: ComponentService) -> None:
        async def ask() -> list[Any]:
            calls = [
                self.make_call(intercepted, Method.PREDICT, {"strData": str(number)})
                for number in range(_CLIENTS)
            ]
            return await asyncio.gather(*(intercepted.call_async(call) for call in calls))

        assert len([json.loads(answer) for answer in asyncio.run(ask())]) == _CLIENTS

    def test_the_items_of_a_stream_are_the_predictors(self, make_service: Services) -> None:
        if not self.passes_unchanged:
            pytest.skip("the interceptor changes answers")
        service = self.around(make_service(Counting()))
        call = self.make_call(service, Method.PREDICT, {"strData": "x"})
        call.accepts_stream = True

        async def items() -> list[Any]:
            stream = await service.call_async(call)
            found = []
            while (item := await stream.pull_async()) is not None:
                found.append(json.loads(item)["strData"])
            return found

        assert asyncio.run(items()) == list(Counting.ITEMS)

    def test_it_can_be_started_and_stopped(self, make_service: Services) -> None:
        service = make_service(Mirror())
        interceptor = self.make_interceptor(service)
        within(interceptor.start, "start()")
        service.attach([], [interceptor])
        assert isinstance(self.ask_text(service, "text"), dict)
        within(lambda: interceptor.stop(WAIT_S), "stop()", 2 * WAIT_S)

    def test_refused_calls_leave_nothing_taken(self, make_service: Services) -> None:
        """Check that ``finished`` releases the resources of ``admit``, also when the queue refuses."""
        gated = Gated()
        service = self.around(make_service(gated, queue_size=1))
        running = Background(lambda: self.ask_text(service, "wait"))
        gated.wait_until_entered()
        waiting = Background(lambda: self.ask_text(service, "queued"))
        wait_until(lambda: service.executor.waiting == 1, "a call to wait")
        for _ in range(_REFUSED):
            with pytest.raises(SeldonError) as caught:
                self.ask_text(service, "refused")
            assert caught.value.code is ErrorCode.OVERLOADED
        gated.open()
        for client in (running, waiting):
            assert isinstance(client.outcome, dict), client.outcome
        assert isinstance(self.ask_text(service, "next"), dict)

    def test_a_dropped_call_reaches_neither_it_nor_the_component(self, make_service: Services) -> None:
        gated = Gated()
        service = self.around(make_service(gated))
        call = self.make_call(service, Method.PREDICT, {"strData": "gone"})
        call.cancelled = True
        with pytest.raises(SeldonError) as caught:
            service.call(call)
        assert caught.value.code is ErrorCode.CANCELLED
        assert gated.seen == []

    def test_a_failure_does_not_disturb_the_next_call(self, intercepted: ComponentService) -> None:
        before = self.ask_text(intercepted, "text")
        for text in ("exception", "unwritable", "BAD_DATA"):
            with pytest.raises(SeldonError):
                self.ask_text(intercepted, text)
        assert self.ask_text(intercepted, "text") == before

    def test_no_call_is_held_on_to_once_it_is_answered(self, intercepted: ComponentService) -> None:
        watched = []
        for number in range(3):
            codec = JsonCodec(intercepted.limits)  # a call has no weak references; its codec has
            call = self.make_call(intercepted, Method.PREDICT, {"strData": str(number)})
            call.codec = codec
            watched.append(weakref.ref(codec))
            intercepted.call(call)
            del call, codec
        self.ask_text(intercepted, "last")
        intercepted.executor.run(lambda: None)
        gc.collect()
        assert [reference() for reference in watched] == [None] * 3
