"""Sources of user classes that tests of several folders serve."""

from __future__ import annotations

from seldon_runtime.testing import Gate

ECHO = """
    class Echo:
        def predict(self, X, features_names):
            return X
"""
"""Answers what it is asked."""

HOST = """
    import os

    class Host:
        def predict(self, X, features_names):
            word, _, size = X.partition(" ") if isinstance(X, str) else ("", "", "")
            return "x" * int(size) if word == "fill" else X

        def tags(self):
            return {"process": str(os.getpid())}
"""
"""Answers what it is asked, or for ``fill 9`` nine letters; names its process in the tag ``process``."""


def waiting(gate: Gate) -> str:
    """Return a class ``Waiting`` that waits at the gate for the text "wait" and echoes others at once."""
    return f"""
        class Waiting:
            def predict(self, X, features_names):
                if X == "wait":
                    {gate.pass_}
                return X
    """
