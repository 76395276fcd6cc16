"""The request of the running call, as user code sees it, whatever the transport."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seldon_runtime.inference.call import RUNNING, Call


class Headers(Mapping[str, str]):
    """Header values by name, in any case. Iteration yields lower-case names.

    Args:
        lower: the values by lower-case name.
    """

    __slots__ = ("_lower",)

    def __init__(self, lower: Mapping[str, str]) -> None:
        self._lower = lower

    def __getitem__(self, name: str) -> str:
        return self._lower[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lower)

    def __len__(self) -> int:
        return len(self._lower)


class RunningRequest:
    """The request of the running call. Read-only; valid while the call runs.

    Args:
        call: the running call.
    """

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    @property
    def transport(self) -> str:
        """The name of the transport, such as ``rest`` or ``grpc``."""
        return self._call.transport

    @property
    def id(self) -> str:
        """The request id, as the log and the client's error show it."""
        return self._call.identify()

    @property
    def path(self) -> str:
        """The HTTP path, such as ``/predict``, or the RPC's full name (``/seldon.protos.Model/Predict``)."""
        return self._call.target

    @property
    def headers(self) -> Headers:
        """The HTTP headers, or the gRPC metadata with text values, by name in any case."""
        return Headers(self._call.headers)

    @property
    def client(self) -> tuple[str, int] | str | None:
        """The client's host and port, or the transport's own form of them; None when nobody knows them."""
        call = self._call
        return call.client if call.origin is None else call.origin.client_address()

    def __repr__(self) -> str:
        return f"<request {self.id} of {self.transport} for {self.path}>"


def request() -> RunningRequest | None:
    """Return the request of the running call; None outside of calls.

    Like :func:`seldon_runtime.request_id`, it is None in threads that user code started, unless
    ``contextvars.copy_context().run`` carries the call's context there, and while a batch runs, since a batch
    has many requests.
    """
    call = RUNNING.get()
    return RunningRequest(call) if call is not None else None
