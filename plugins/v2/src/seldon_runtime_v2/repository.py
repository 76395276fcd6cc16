"""The repository of models: the one model that the process serves.

Source: Triton's extension "Model Repository" (extension_model_repository.md).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn

from seldon_runtime.plugin import ErrorCode, SeldonError
from seldon_runtime_v2.mapping.model import ServedModel

READY = "READY"
UNAVAILABLE = "UNAVAILABLE"


def index(model: ServedModel, *, only_ready: bool = False) -> list[dict[str, Any]]:
    """Return the models of the repository with name, version, state and reason.

    ``version`` is empty for a model without versions.

    Args:
        model: the served model.
        only_ready: True to leave out a model that takes no calls.
    """
    if not model.is_ready and only_ready:
        return []
    state, reason = (READY, "") if model.is_ready else (UNAVAILABLE, "the process does not take calls")
    return [{"name": model.name, "version": model.version or "", "state": state, "reason": reason}]


def load(model: ServedModel, name: str, parameters: Collection[str] = ()) -> None:
    """Check that a model is loaded: the process loads its model once, when it starts.

    Args:
        model: the served model.
        name: the model that the client names.
        parameters: the names of the parameters, such as ``config`` or ``file:1/model.py``.

    Raises:
        SeldonError: NOT_FOUND for another model; BAD_DATA for a parameter, which would alter the model;
            UNAVAILABLE while the model is not ready.
    """
    model.require(name)
    if parameters:
        raise SeldonError(
            f"the parameter {next(iter(parameters))!r:.80} is not supported, expected none: the model is "
            "loaded as the process was started"
        )
    model.require_ready()


def unload(model: ServedModel, name: str) -> NoReturn:
    """Refuse to unload a model.

    Raises:
        SeldonError: NOT_FOUND for another model; UNAVAILABLE for the served one.
    """
    model.require(name)
    raise SeldonError(
        f"the model {name!r:.80} cannot be unloaded: it is the only one of the process",
        code=ErrorCode.UNAVAILABLE,
    )
