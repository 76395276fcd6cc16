"""The name of a node in the errors that the runtime finds in its class or in what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from seldon_runtime.plugin import ErrorCode, SeldonError

_COMPONENT = "seldon_runtime.component"
"""The package that calls a class and reads its answers."""
_NOT_USERS = ("seldon_runtime", "asyncio")
_OF_CALLS = frozenset({ErrorCode.DEADLINE_EXCEEDED, ErrorCode.UNAVAILABLE, ErrorCode.CANCELLED})


def named(error: SeldonError, name: str) -> SeldonError:
    """Return the error of a node's call with the name of the node, if the runtime itself found the fault.

    An error that user code raised stays as it is, as the incumbent's engine passes it on. So do the errors
    of nodes elsewhere, which have their address, and those of batches, whose origin is not known.
    """
    if type(error) is not SeldonError or error.status_code is not None or error.code in _OF_CALLS:
        return error
    modules = list(_modules(error))
    is_found_here = any(module.startswith(_COMPONENT) for module in modules)
    if not is_found_here or not all(module.startswith(_NOT_USERS) for module in modules):
        return error
    told = copy(error)  # the component may raise the same object again
    told.message = f"the node {name!r}: {error.message}"
    told.args = (told.message,)
    return told


def _modules(error: SeldonError) -> Iterator[str]:
    """Yield the modules through which an error has come."""
    trace = error.__traceback__
    while trace is not None:
        yield str(trace.tb_frame.f_globals.get("__name__"))
        trace = trace.tb_next
