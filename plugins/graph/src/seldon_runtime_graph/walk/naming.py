"""The name of a node in the errors that the runtime finds in its class or in what it answers."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_runtime.plugin import ComponentFailed, ErrorCode, SeldonError
from seldon_runtime_graph.nodes.remote import RemoteFault

_OWN = "seldon_runtime_graph"
"""The package that receives the errors of steps."""
_ELSEWHERE = "seldon_runtime_graph.nodes.remote"
"""The modules that call nodes elsewhere, whose own errors they raise."""
_NOT_USERS = ("seldon_runtime", "asyncio", "concurrent")
_OF_CALLS = frozenset({ErrorCode.DEADLINE_EXCEEDED, ErrorCode.UNAVAILABLE, ErrorCode.CANCELLED})


def named(error: SeldonError, name: str) -> SeldonError:
    """Return the error of a node's call with the name of the node, if the runtime itself found the fault.

    The text of an error that user code raised stays as it is, as the incumbent's engine passes it on; the log
    has the name of the node. So do the errors that nodes elsewhere answered with.
    """
    if isinstance(error, RemoteFault):
        return error.named(name)
    if isinstance(error, ComponentFailed):
        error.where = f"{error.where} (node {name!r})"
        return error
    if type(error) is not SeldonError or error.status_code is not None or error.code in _OF_CALLS:
        return error
    if not _is_found_here(list(_modules(error))):
        return error
    return error.placed(f"the node {name!r}")


def _is_found_here(modules: list[str]) -> bool:
    """Return whether an error came through these modules from the runtime, such as its batches, alone."""
    if any(module.startswith(_ELSEWHERE) for module in modules):
        return False
    is_raised = any(not module.startswith(_OWN) for module in modules)
    return is_raised and all(module.startswith(_NOT_USERS) for module in modules)


def _modules(error: SeldonError) -> Iterator[str]:
    """Yield the modules through which an error has come."""
    trace = error.__traceback__
    while trace is not None:
        yield str(trace.tb_frame.f_globals.get("__name__"))
        trace = trace.tb_next
