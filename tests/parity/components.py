"""User classes: those that answer what they got, or what a text asks for, and one that has no method."""

from __future__ import annotations

import numpy as np

from seldon_runtime.component.user_api import Response
from seldon_runtime.errors import ErrorCode, SeldonError

RESULTS = {
    "list": lambda: [[1, 2.5], [3, 4]],
    "ragged": lambda: [[1, 2], [3]],
    "mixed": lambda: [["a", 1.5, None, True, {"k": [1]}]],
    "array32": lambda: np.array([[0.5, 0.25]], np.float32),
    "integers": lambda: np.arange(6).reshape(1, 2, 3),
    "booleans": lambda: np.array([[True], [False]]),
    "texts": lambda: np.array(["x", "yy"]),
    "objects": lambda: np.array([["a", 1], [None, 2.5]], dtype=object),
    "empty": lambda: np.zeros((0, 3)),
    "scalar": lambda: np.array(7.0),
    "dict": lambda: {"a": [1, {"b": None}], "n": np.int64(3), "t": (1, 2), 5: "five"},
    "bytes": lambda: b"\x00\xff",
    "bytearray": lambda: bytearray(b"x"),
    "response": lambda: Response([1.5], {"a": 1}, [{"type": "GAUGE", "key": "g", "value": 2}]),
    "none": lambda: None,
    "complex": lambda: np.array([1j]),
    "unwritable": lambda: {"a": object()},
    "bad metric": lambda: Response("x", metrics=[{"type": "NONE", "key": "g", "value": 2}]),
    "bad tags": lambda: Response("x", tags=["a"]),
    "unwritable tag": lambda: Response("x", tags={"a": object()}),
}
ERRORS = {
    "ValueError": ValueError("grüß 日本"),
    "SeldonError": SeldonError("refused"),
    "forbidden": SeldonError("refused", status_code=403, reason="MINE"),
    "unavailable": SeldonError("later", code=ErrorCode.UNAVAILABLE),
    "not found": SeldonError("nothing", code=ErrorCode.NOT_FOUND),
}


class Mirror:
    """Answers what it got, or what a text asks for."""

    class_names = ("p", "q")

    def _answer(self, X, names=None, meta=None):
        if isinstance(X, str) and X in ERRORS:
            raise ERRORS[X]
        return RESULTS[X]() if isinstance(X, str) and X in RESULTS else X

    def predict(self, X, features_names, meta=None):
        return self._answer(X)

    def transform_input(self, X, features_names, meta=None):
        return {"X": self._answer(X), "names": features_names, "meta": meta or {}}

    def transform_output(self, X, features_names):
        return self._answer(X)

    def route(self, X, features_names):
        answer = self._answer(X)
        return answer if isinstance(X, str) else 1 + len(features_names)

    def aggregate(self, features_list, names_list):
        return self._answer(features_list[0])

    def send_feedback(self, features, features_names, reward, truth, routing=None):
        self._answer(truth)
        return {"features": features, "names": features_names, "reward": reward, "to": routing}

    def score(self, X, features_names):
        numbers = np.asarray(self._answer(X), dtype=np.float64)
        return np.nan_to_num(numbers).sum(axis=-1)  # null is no number, and JSON has no word for that

    def tags(self):
        return {"own": [1, None], "shared": "component"}

    def metrics(self):
        return [{"type": "COUNTER", "key": "calls", "value": 1, "tags": {"zone": "a"}}]

    def init_metadata(self):
        return {
            "name": "mirror",
            "versions": ["1", "2"],
            "inputs": [{"messagetype": "tensor", "schema": {"names": ["a"], "shape": [1]}}],
            "outputs": [{"name": "o", "datatype": "FP32", "shape": [1, -1]}],
            "custom": {"team": "blue"},
        }


class Fixed:
    """Predicts what ``word`` asks for, whatever it gets, and adds nothing to it."""

    word = ""

    def predict(self, X, features_names):
        return Mirror()._answer(self.word)


class Bare:
    """Defines nothing."""
