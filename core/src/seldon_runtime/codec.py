"""What a transport brings to read and write its wire objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from seldon_runtime.errors import SeldonError
from seldon_runtime.message import Feedback, Message, Method

Request = Message | Feedback | list[Message] | None
"""A list for AGGREGATE, a Feedback for SEND_FEEDBACK, None for HEALTH_STATUS, else a Message."""


class Codec(Protocol):
    """Reads requests and writes answers of one wire format.

    One codec serves many calls; every method runs on the component's thread. A codec
    keeps what it parsed in the call's own ``wire`` object or parses again.

    ``name`` tells its wire format from others, such as ``rest``.
    """

    name: str

    def hooks(self, method: Method) -> Sequence[str]:
        """Suffixes of the old wire hooks that are called for its requests, before the raw method: ``rest``
        has ``predict_rest`` called. Where the class has several, the first one is; usually ``(name,)``."""

    def parse(self, method: Method, wire: Any) -> Any:
        """The request as an object of the wire format, such as a dict or a protobuf message.

        Raises:
            SeldonError: BAD_DATA, TOO_LARGE.
        """

    def decode(self, method: Method, parsed: Any) -> Request:
        """The neutral request. Raises SeldonError (BAD_DATA)."""

    def encode(self, method: Method, answer: Message) -> Any:
        """The wire answer. Raises SeldonError (COMPONENT_FAILED) when it cannot be written."""

    def encode_raw(self, method: Method, answer: Any, *, show_metrics: bool) -> Any:
        """The wire answer of a raw method, untouched but for its metrics if they are not to be shown."""

    def raw_metrics(self, answer: Any) -> Sequence[Mapping[str, Any]] | None:
        """``meta.metrics`` of a raw method's answer, for counting; None when there are none."""

    def raw_argument(self, method: Method, parsed: Any) -> Any:
        """What a ``*_raw`` method gets; usually ``parsed``."""

    def hook_argument(self, method: Method, hook: str, parsed: Any) -> Any:
        """What an old ``<method>_<hook>`` gets; usually ``parsed``."""

    def annotate(self, method: Method, parsed: Any, annotation: Message) -> Any:
        """The request itself as the wire answer, unknown fields included, with the annotation's
        tags, request path and metrics in its meta: how an outlier detector answers."""


class Reader(Protocol):
    """What a codec may have besides, to read some requests in a quicker way."""

    def read(self, method: Method, wire: Any) -> Request:
        """What :meth:`Codec.decode` gives for what :meth:`Codec.parse` does, without the object in between.
        Called in their place when no user code gets that object; looked up on the codec's class."""


class Outcome(Protocol):
    """What a codec may have besides, to tell observers what the client is told."""

    def outcome(self, answer: Any, error: SeldonError | None) -> tuple[int | str, int]:
        """The status, such as an HTTP status or the name of a gRPC code, and the bytes of the answer,
        or 0 for an error. ``answer`` is a wire answer. Must be quick, and not raise."""
