"""The predictor: a linear model without a class. All its methods run on the component's thread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from seldon_runtime.plugin import DATA_KINDS, Message, Method, Payload, Predictor, Request, SeldonError


class MyNamePredictor(Predictor):
    """The model of a file with ``{"weights": [...], "bias": ...}``."""

    methods = frozenset({Method.PREDICT})

    def __init__(self, path: str) -> None:
        self._path = path

    def load(self) -> None:
        """Read the file. An exception ends the start, and the log shows its traceback."""
        try:
            document = json.loads(Path(self._path).read_text("utf-8"))
            self._weights = np.array(document["weights"], float)
            self._bias = float(document["bias"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SeldonError(f"{self._path} is not a model of my-name: {error!r}") from error

    def predict(self, method: Method, request: Request) -> Message:
        """Return a score for each row. Raise SeldonError for a fault of the client."""
        assert isinstance(request, Message)  # as for every method but AGGREGATE and SEND_FEEDBACK
        payload = request.payload
        if payload is None or payload.kind not in DATA_KINDS:
            raise SeldonError("the request has no data with rows of numbers")
        try:
            scores = payload.value @ self._weights + self._bias
        except (TypeError, ValueError) as error:
            raise SeldonError(f"expected rows of {len(self._weights)} numbers: {error}") from error
        return Message(Payload(payload.kind, scores, ["score"]), request.meta)

    def metadata(self) -> dict[str, Any]:
        """Return the metadata document."""
        return {"name": Path(self._path).stem, "platform": "my-name"}
