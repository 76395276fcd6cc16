"""Transports with one fault each: in answers and errors."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
from faults import found_by
from wire import LOOK_S, Wire

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.message import Kind, Message, Meta, Payload
from seldon_runtime.protocols.v1.codec import JsonCodec


class Recoding(Wire):
    """With a codec of its own."""

    def __init__(self, service: Any, settings: Any, sockets: Any) -> None:
        super().__init__(service, settings, sockets)
        self.codec = self.Codec(service.limits)

    class Codec(JsonCodec):
        pass


# answers


@found_by("every_call_is_answered_as_in_process")
class AlwaysPredict(Wire):
    def ask(self, asked, size, connection):
        return super().ask({**asked, "ask": "predict"}, size, connection)


@found_by("the_component_sees_the_payload_as_it_was_sent", "every_kind_of_payload_arrives_and_is_answered")
class NoBytes(Recoding):
    class Codec(JsonCodec):
        def decode(self, method, parsed):
            request = super().decode(method, parsed)
            if isinstance(request, Message) and request.payload.kind in (Kind.BINARY, Kind.TENSOR):
                return Message(Payload(Kind.STR, "bytes"), request.meta, request.given_meta)
            return request


@found_by("every_kind_of_result_is_answered")
class EveryArrayIsAList(Recoding):
    class Codec(JsonCodec):
        def write(self, method, answer):
            payload = answer.payload
            if payload.kind is Kind.TENSOR:
                payload = Payload(Kind.NDARRAY, payload.value, payload.names)
            return super().write(method, Message(payload, answer.meta))


@found_by("the_items_of_a_generator_are_joined")
class TakesStreamsItCannotSend(Wire):
    def outcome(self, call, connection):
        call.accepts_stream = True
        return super().outcome(call, connection)


@found_by("a_generator_that_fails_fails_its_call")
class FailuresAreEmpty(Wire):
    def refusal(self, error):
        return b'{"answer": {"strData": ""}}'


@found_by("meta_travels_both_ways")
class NoMeta(Recoding):
    class Codec(JsonCodec):
        def write(self, method, answer):
            return super().write(method, Message(answer.payload, Meta()))


@found_by("any_text_travels_unchanged")
class AsciiOnly(Wire):
    def outcome(self, call, connection):
        answer = json.loads(super().outcome(call, connection))
        return json.dumps(answer, ensure_ascii=False).encode("ascii", "ignore")


@found_by("empty_payloads_are_payloads")
class EmptyIsNothing(Wire):
    def ask(self, asked, size, connection):
        request = asked["request"] or {}
        return super().ask({**asked, "request": {k: v for k, v in request.items() if v}}, size, connection)


@found_by("numbers_keep_their_last_bit")
class SinglePrecision(Recoding):
    class Codec(JsonCodec):
        def write(self, method, answer):
            value = answer.payload.value
            if isinstance(value, np.ndarray) and value.dtype.kind in "fi":
                value = value.astype(np.float32)
            return super().write(method, Message(Payload(answer.payload.kind, value), answer.meta))


@found_by("large_payloads_travel_whole")
class ShortBuffer(Wire):
    def outcome(self, call, connection):
        return super().outcome(call, connection)[:65536]


@found_by("nan_in_an_answer_is_written_or_refused_and_the_next_call_is_answered")
class HangsUpAtNan(Wire):
    def outcome(self, call, connection):
        written = super().outcome(call, connection)
        if b"null" in written:
            raise ConnectionError
        return written


@found_by("nan_in_a_request_reaches_the_component_or_is_refused")
class NanIsZero(Wire):
    def answer(self, line, connection):
        return super().answer(line.replace(b"NaN", b"0.0"), connection)


@found_by("raw_methods_see_the_wires_own_object_and_their_answer_goes_out_as_it_is")
class RawIsText(Recoding):
    class Codec(JsonCodec):
        def raw_argument(self, method, parsed):
            return {"strData": json.dumps(parsed)}


@found_by("raw_feedback_has_the_members_of_the_protocol")
class RawFeedbackIsADict(Recoding):
    class Codec(JsonCodec):
        def raw_argument(self, method, parsed):
            return parsed


@found_by("an_outlier_detector_answers_the_request_and_its_scores")
class AnnotationAlone(Recoding):
    class Codec(JsonCodec):
        def annotate(self, method, parsed, annotation):
            return self.encode(method, annotation)


@found_by("many_clients_at_once_get_their_own_answers")
class OneSlot(Wire):
    def ask(self, asked, size, connection):
        self.slot = asked
        time.sleep(LOOK_S)
        return super().ask(self.slot, size, connection)


@found_by("observers_learn_of_the_transport_and_the_size_of_the_request")
class SizeUntold(Wire):
    def outcome(self, call, connection):
        call.request_bytes = 0
        return super().outcome(call, connection)


@found_by("metadata_are_the_components")
class NoMetadata(Wire):
    def ask(self, asked, size, connection):
        return b"{}" if asked["ask"] == "metadata" else super().ask(asked, size, connection)


# errors


@found_by(
    "every_error_code_reaches_the_client",
    "what_user_code_raises_is_answered_as_in_process",
    "a_result_that_cannot_be_written_is_an_error",
    "a_malformed_request_is_the_callers_fault",
    "no_messages_to_aggregate_are_the_callers_fault",
    "a_method_that_is_not_defined_is_told",
    "what_an_interceptor_refuses_is_an_answer",
    "any_message_of_an_error_can_be_sent",
    "a_request_above_the_limit_is_refused_and_one_below_is_answered",
    "beyond_the_queue_calls_are_refused_at_once",
)
class DropsTheCode(Wire):
    def refusal(self, error):
        return super().refusal(SeldonError(error.message, reason="FAILED"))


@found_by("a_request_above_the_limit_is_refused_and_one_below_is_answered")
class NoLimit(Wire):
    def __init__(self, service, settings, sockets):
        service.limits = type(service.limits)()
        super().__init__(service, settings, sockets)


@found_by("details_of_an_exception_are_hidden_when_so_set")
class TellsAll(Wire):
    def refusal(self, error):
        cause = error.__cause__
        return super().refusal(SeldonError(str(cause), code=error.code) if cause else error)


@found_by("any_message_of_an_error_can_be_sent")
class UnescapedMessages(Wire):
    def refusal(self, error):
        text = json.dumps({"reason": error.reason, "message": error.message}, ensure_ascii=False)
        return text.encode()


@found_by("rubbish_harms_nobody")
class DiesOfRubbish(Wire):
    def answer(self, line, connection):
        if not line.startswith(b'{"ask"'):
            self.closed.set()
        return super().answer(line, connection)
