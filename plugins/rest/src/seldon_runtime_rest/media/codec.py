"""The v1 codec for requests whose body is one value, and for answers in an accepted media type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from seldon_runtime.plugin import ARRAYS, ErrorCode, Limits, Message, Method, Request, SeldonError, as_single
from seldon_runtime.protocols.v1.message import decode_message, encode_message
from seldon_runtime_rest.media.format import Format, Parameters, UnfitAnswer
from seldon_runtime_rest.media.headers import JSON
from seldon_runtime_rest.response import HttpResponse
from seldon_runtime_rest.v1.codec import RestCodec


class MediaCodec(RestCodec):
    """The codec of one request. Its errors are those of every v1 request.

    Args:
        limits: the limits of requests.
        dumps: writes JSON.
        reader: reads the body; None for a body of JSON.
        parameters: the parameters of the Content-Type.
        writers: the formats that the client accepts, the preferred one first; None stands for JSON.
        takes_columns: True if the predictor takes payloads of kind ARRAYS.
    """

    def __init__(
        self,
        limits: Limits,
        dumps: Callable[[Any], bytes],
        reader: Format | None,
        parameters: Parameters,
        writers: Sequence[Format | None],
        *,
        takes_columns: bool,
    ) -> None:
        super().__init__(limits, dumps)
        self._reader = reader
        self._parameters = parameters
        self._writers = writers
        self._takes_columns = takes_columns

    def read(self, method: Method, wire: Any) -> Request:
        """Return the neutral request."""
        if self._reader is None:
            return super().read(method, wire)
        self.limits.check_body(len(wire))
        payload = self._reader.read(wire, self._parameters, self.limits)
        return Message(payload if self._takes_columns else as_single(payload))

    def memory(self, method: Method, wire: Any) -> int:
        """Return an estimate of the most bytes that reading takes."""
        return super().memory(method, wire) if self._reader is None else self._reader.memory(wire)

    def parse(self, method: Method, wire: Any) -> Any:
        """Return the request as the object of v1's JSON, for raw methods."""
        if self._reader is None:
            return super().parse(method, wire)
        message = self.read(method, wire)
        assert isinstance(message, Message)
        return encode_message(_single(message))

    def write(self, method: Method, answer: Message) -> HttpResponse:
        """Return the answer in the first accepted format that can hold it.

        Raises:
            SeldonError: status 406 when none can; COMPONENT_FAILED for a value that no answer can hold.
        """
        try:
            return self._written(answer)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:  # of a value in a column
            raise SeldonError(
                f"the component's answer cannot be written: {error}", code=ErrorCode.COMPONENT_FAILED
            ) from error

    def _written(self, answer: Message) -> HttpResponse:
        assert answer.payload is not None
        unfit = ""
        for writer in self._writers:
            if writer is None:
                return super().to_wire(encode_message(_single(answer)))
            try:
                body = writer.write(answer.payload)
            except UnfitAnswer as error:
                unfit = unfit or str(error)
                continue
            return HttpResponse(200, body, writer.content_type or writer.media_type)
        names = ", ".join(writer.media_type for writer in self._writers if writer is not None)
        raise SeldonError(
            f"Accept allows {names:.200}, which cannot hold {unfit:.200}, the answer. Accept {JSON} too",
            status_code=406,
        )

    def to_wire(self, value: Any) -> HttpResponse:
        """Return a response with the answer of a raw method, which is an object of v1's JSON."""
        if self._writers[0] is None or not isinstance(value, dict) or "status" in value:
            return super().to_wire(value)
        return self.write(Method.PREDICT, decode_message(value, self.limits, "the component's answer"))


def _single(message: Message) -> Message:
    """Return a message whose payload v1's JSON can hold."""
    payload = message.payload
    if payload is None or payload.kind is not ARRAYS:
        return message
    return Message(as_single(payload), message.meta, message.given_meta, message.metrics, message.headers)
