"""A component with every method, and the types of bodies."""

from __future__ import annotations

import sys

import numpy as np

from seldon_runtime import Response, SeldonError

JSON_TYPE = {"Content-Type": "application/json"}
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}


class Everything:
    """Answers every call, and says what it was called with."""

    def predict(self, X, names, meta=None):
        if isinstance(X, str) and X == "raise":
            raise ValueError("boom")
        if isinstance(X, str) and X == "refuse":
            raise SeldonError("refused", status_code=409)
        if isinstance(X, str) and X == "exit":
            sys.exit(3)
        if isinstance(X, str) and X == "nothing":
            return None
        return X

    def transform_input(self, X, names):
        return Response(X, tags={"names": list(names)})

    def transform_output(self, X, names):
        return X

    def route(self, X, names):
        return 1

    def aggregate(self, X, names):
        return X[0]

    def send_feedback(self, X, names, reward, truth, routing=None):
        return {"reward": reward, "X": np.asarray(X).tolist(), "routing": routing}

    def tags(self):
        return {"own": True}

    def metrics(self):
        return [{"type": "COUNTER", "key": "calls", "value": 1}]

    def health_status(self):
        return {"well": True}
