"""A plain call: a POST whose body is the JSON. The lanes that need no Flask make it in the same way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seldon_runtime.call import Call
from seldon_runtime.message import Method
from seldon_runtime_rest.answer import HttpAnswer, given_request_id
from seldon_runtime_rest.codec import RestCodec

Target = tuple[Method, RestCodec]
"""What a path asks for, and the codec of its answers."""

_JSON = b"application/json"


def is_json(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the body is JSON by its content type."""
    content_type = headers.get(b"content-type", b"")
    return content_type == _JSON or content_type.split(b";", 1)[0].strip().lower() == _JSON


def call_of(
    target: Target, path: str, headers: Mapping[bytes, bytes], client: tuple[str, int] | None
) -> Call:
    """The call that a request makes, but for its body and deadline.

    Args:
        target: of ``path``.
        path: as it goes into the access log.
        headers: lower-case names to values.
        client: host and port.
    """
    method, codec = target
    return Call(
        method, None, codec, "rest", given_request_id(headers), Headers(headers), target=path, client=client
    )


def checked(answer: object) -> HttpAnswer:
    """A wire answer. Raises TypeError for what an interceptor put in its place."""
    if not isinstance(answer, HttpAnswer):
        raise TypeError(f"an interceptor made the answer {type(answer).__name__}, expected HttpAnswer")
    return answer


class Headers(Mapping[str, str]):
    """Header names and values as text, decoded only for the interceptor that looks."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Mapping[bytes, bytes]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        return self._raw[name.encode("latin-1", "replace")].decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._raw)

    def __len__(self) -> int:
        return len(self._raw)
