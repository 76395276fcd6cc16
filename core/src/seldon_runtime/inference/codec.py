"""The codec: conversion between a transport's wire objects and neutral messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.message import Message, Request
from seldon_runtime.inference.method import Method


class Codec(ABC):
    """Reader of requests and writer of answers in one wire format.

    One codec serves many calls. Every method runs on the component's thread, unless it says otherwise.
    """

    name: str
    """The name of the wire format, such as ``rest``."""
    protocol: str = ""
    """The protocol of the format for metrics, named as in SELDON_PROTOCOLS; empty for none of these."""
    media_type: str = "application/octet-stream"
    """The media type of :meth:`body`, for transports that send a media type."""
    memory_times: int = 128
    """The most bytes that :meth:`read` takes for each byte of a request. 128 are enough for any JSON."""

    @abstractmethod
    def read(self, method: Method, wire: Any) -> Request:
        """Return the neutral request. Not called for HEALTH_STATUS and METADATA, which have no request.

        Raises:
            SeldonError: BAD_DATA or TOO_LARGE.
        """

    def memory(self, method: Method, wire: Any) -> int:
        """Return an estimate of the most bytes that :meth:`read` takes besides the wire object.

        The service compares it with ``Limits.max_request_memory`` before :meth:`read`. It needs no estimate
        for a request whose length times ``memory_times`` is less than an eighth of that limit. It must
        be cheap compared with reading, and must not raise. By default it returns three times the length of
        the wire object, which suits a format without small values.
        """
        return 3 * len(wire) if isinstance(wire, bytes | bytearray | memoryview | str) else 0

    @abstractmethod
    def write(self, method: Method, answer: Message) -> Any:
        """Return the wire answer. A METADATA answer has the document as a payload of kind JSON.

        Runs on the transport's thread for METADATA, and for health that needs no user code.

        Raises:
            SeldonError: COMPONENT_FAILED when the answer cannot be written.
        """

    def write_item(self, method: Method, item: Message) -> Any:
        """Return the wire form of one item of a stream; by default that of a whole answer."""
        return self.write(method, item)

    def body(self, answer: Any) -> bytes:
        """Return the bytes of a wire answer, for a transport that only moves bytes. Any thread."""
        if isinstance(answer, bytes | bytearray | memoryview):
            return bytes(answer)
        return answer.encode() if isinstance(answer, str) else b""

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[int | str, int]:
        """Return what observers report: the status in the transport's own terms, and the answer's bytes.

        A status is an HTTP status or the name of a gRPC code; by default it is ``OK`` or the name of the
        error's code. The size is 0 for an error. Must be quick, and must not raise. Any thread.
        """
        if error is not None:
            return error.code.name, 0
        return "OK", len(answer) if type(answer) is bytes or isinstance(answer, bytes | str) else 0


class RawCodec(Codec):
    """A codec of the Seldon v1 protocol, whose wire format user code may handle itself.

    A class may define ``predict_raw`` (or another ``*_raw`` method), which receives the parsed request and
    returns the answer in the same format, and the older ``predict_rest`` and ``predict_grpc``.
    """

    protocol = "v1"

    @abstractmethod
    def parse(self, method: Method, wire: Any) -> Any:
        """Return the request as an object of the wire format, such as a dict or a protobuf message.

        Raises:
            SeldonError: BAD_DATA or TOO_LARGE.
        """

    @abstractmethod
    def decode(self, method: Method, parsed: Any) -> Request:
        """Return the neutral request; raise SeldonError (BAD_DATA) for an invalid one."""

    def read(self, method: Method, wire: Any) -> Request:
        """Parse and decode. Override it to skip the intermediate object for some requests."""
        return self.decode(method, self.parse(method, wire))

    def hooks(self, method: Method) -> Sequence[str]:
        """Return the suffixes of the older wire methods that take these requests, the preferred one first.

        With ``rest``, the runtime calls ``predict_rest`` before ``predict_raw``. By default the codec's name.
        """
        return (self.name,)

    def raw_argument(self, method: Method, parsed: Any) -> Any:
        """Return the argument of a ``*_raw`` method; by default the parsed request."""
        return parsed

    def hook_argument(self, method: Method, hook: str, parsed: Any) -> Any:
        """Return the argument of an older ``<method>_<hook>``; by default the parsed request."""
        return parsed

    @abstractmethod
    def write_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> Any:
        """Return the wire answer of a raw method, with its metrics if ``show_metrics``."""

    @abstractmethod
    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        """Return ``meta.metrics`` of a raw method's answer, for counting; None when it has none."""

    @abstractmethod
    def annotate(self, method: Method, parsed: Any, annotation: Message) -> Any:
        """Return the request itself as the wire answer, unknown fields included.

        The method adds the annotation's tags, request path and metrics to the request's meta: an outlier
        detector's answer.
        """


class NeutralCodec(Codec):
    """The codec of callers inside the process, whose wire object is the neutral request or answer itself."""

    name = "neutral"

    def read(self, method: Method, wire: Any) -> Request:
        """Return the request as it is."""
        request: Request = wire
        return request

    def write(self, method: Method, answer: Message) -> Message:
        """Return the answer as it is."""
        return answer
