"""The choice of the codec for a request, by its Content-Type and its Accept header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from seldon_runtime.plugin import Method, SeldonError, Service
from seldon_runtime_rest.media.codec import MediaCodec
from seldon_runtime_rest.media.format import Format
from seldon_runtime_rest.media.formats import FORMATS, missing, reader_of
from seldon_runtime_rest.media.headers import JSON, accepted, media_type_of
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.streaming.forms import form_of
from seldon_runtime_rest.v1.codec import RestCodec

JSON_ONLY: tuple[Format | None, ...] = (None,)
METHODS = frozenset({Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT, Method.ROUTE})
"""The methods with one payload in the request and one in the answer."""
ANY = b"*/*"
USUAL = frozenset({ANY, b"application/json"})
"""The Accept headers of nearly every request that has one."""


class Media:
    """The codecs of requests with bodies that are one value, or with another answer than JSON.

    Args:
        service: answers the calls.
        dumps: writes JSON.
        passthrough: the methods whose requests are not decoded at all.
    """

    def __init__(
        self, service: Service, dumps: Callable[[Any], bytes], passthrough: frozenset[Method]
    ) -> None:
        self._limits = service.limits
        self._dumps = dumps
        self._takes_columns = all(unit.predictor.takes_arrays for unit in service.units)
        self.methods = METHODS - passthrough

    def for_json(self, codec: RestCodec, request: HttpRequest) -> RestCodec:
        """Return the codec of a request in v1's own form, whose client sends an Accept header.

        JSON is the answer unless the header puts another known type before it: clients of v1 send any header.

        Raises:
            SeldonError: status 406 for a known type whose library is missing.
        """
        writers = _writers(request.headers.get("accept", "")) or JSON_ONLY
        if writers[0] is None:
            return codec
        return self._codec(None, {}, writers)

    def for_body(self, request: HttpRequest) -> MediaCodec | None:
        """Return the codec of a request whose body is one value; None if its Content-Type is another one.

        Raises:
            SeldonError: status 415 for a parameter, or for a type whose library is missing; 406 when the
                Accept header allows no known type.
        """
        media_type, parameters = media_type_of(request.headers.raw.get(b"content-type", b""))
        reader = reader_of(media_type)
        if reader is None:
            return None
        reader.check(parameters)
        header = request.headers.get("accept")
        if header is None or form_of(request.headers.raw[b"accept"]) is not None:  # streams are of JSON
            return self._codec(reader, parameters, JSON_ONLY)
        writers = _writers(header)
        if not writers:
            raise SeldonError(
                f"Accept is {header:.80}, expected {JSON}, {', '.join(_written())}", status_code=406
            )
        return self._codec(reader, parameters, writers)

    def _codec(
        self, reader: Format | None, parameters: dict[str, str], writers: Sequence[Format | None]
    ) -> MediaCodec:
        return MediaCodec(
            self._limits, self._dumps, reader, parameters, writers, takes_columns=self._takes_columns
        )


@lru_cache(maxsize=64)
def _writers(header: str) -> tuple[Format | None, ...]:
    """Return the formats of answers that a client accepts, the preferred first; JSON is first among equals.

    Raises:
        SeldonError: status 406 when the only one needs a library that is missing.
    """
    accept = accepted(header.encode("latin-1"))
    weights: dict[Format | None, float] = {None: accept.weight(JSON)}
    weights |= {each: accept.weight(each.media_type) for each in FORMATS if each.is_written}
    wanted = [each for each, weight in weights.items() if weight > 0]
    found = [each for each in wanted if each is None or each.is_installed]
    absent = next((each for each in wanted if each is not None and not each.is_installed), None)
    if not found and absent is not None:
        raise SeldonError(f"Accept is {header:.80}: {missing(absent)}", status_code=406)
    return tuple(sorted(found, key=lambda each: -weights[each]))


def _written() -> list[str]:
    return [each.media_type for each in FORMATS if each.is_written and each.is_installed]
