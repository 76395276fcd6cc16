"""The additions of a ``Response``: their check, and those to the items of a generator in a ``Response``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from seldon_runtime.component.user_api import Response
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.response_headers import valid_headers


def checked_headers(headers: object) -> Mapping[str, str]:
    """Return the response headers of a ``Response``; a number becomes its text.

    Raises:
        SeldonError: COMPONENT_FAILED when they are not names and values that HTTP and gRPC can carry.
    """
    try:
        texts = valid_headers(headers, "Response.headers")
    except ValueError as error:
        raise SeldonError(str(error), code=ErrorCode.COMPONENT_FAILED) from error
    for name, text in texts.items():
        if not (text.isascii() and text.isprintable()):  # gRPC metadata can hold no other
            raise SeldonError(
                f"Response.headers has {name!r:.80}: {text!r:.80}, expected a text of printable ASCII",
                code=ErrorCode.COMPONENT_FAILED,
            )
    return texts


def within(response: Response, finish: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return ``finish`` for the results of what a ``Response`` holds: each gets the additions of it."""
    return lambda result: finish(_within(response, result))


def _within(outer: Response, result: Any) -> Response:
    """Return a result with the additions of a ``Response`` below its own."""
    inner = result if isinstance(result, Response) else Response(result)
    return Response(
        inner.data,
        _merged(outer.tags, inner.tags),
        _joined(outer.metrics, inner.metrics),
        _merged(outer.headers, inner.headers),
    )


def _merged(outer: Any, inner: Any) -> Any:
    """Return both; an object of another type as it is, for whoever checks it."""
    if not inner or not isinstance(outer, Mapping):
        return outer or inner
    return {**outer, **inner} if isinstance(inner, Mapping) else inner


def _joined(outer: Any, inner: Any) -> Any:
    if not inner or not isinstance(outer, list | tuple):
        return outer or inner
    return [*outer, *inner] if isinstance(inner, list | tuple) else inner
