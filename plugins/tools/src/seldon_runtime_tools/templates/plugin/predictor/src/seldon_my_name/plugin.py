"""The hook of the plugin. The predictor's module is imported for a file ``*.my-name`` only."""

from __future__ import annotations

from seldon_runtime.plugin import Predictor, hookimpl


@hookimpl
def seldon_predictor(reference: str) -> Predictor | None:
    """Return the predictor of a file, or None for another plugin's file. The runtime loads it later."""
    if not reference.endswith(".my-name"):
        return None
    from seldon_my_name.predictor import MyNamePredictor

    return MyNamePredictor(reference)
