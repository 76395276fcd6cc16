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

NOISY = """
    import logging
    import os
    import threading

    class Noisy:
        def predict(self, X, features_names):
            if X == "fail":
                raise ValueError("two\\nlines")
            if X == "thread":
                thread = threading.Thread(target=lambda: 1 / 0)
                thread.start()
                thread.join()
            if X == "print":
                logging.info("printing")
                print("x" * 4_000_000, flush=True)
            if X == "flood":
                for number in range(100):
                    logging.info("%d %s", number, "x" * 10_000)
            if X == "write":
                os.write(1, b"noise")
                os.write(2, b"noise")
            logging.getLogger("acme").info("asked for %s", X)
            return X
"""
"""Logs, prints, fails and writes, as the text asks it."""


def waiting(gate: Gate) -> str:
    """Return a class ``Waiting`` that waits at the gate for the text "wait" and echoes others at once."""
    return f"""
        class Waiting:
            def predict(self, X, features_names):
                if X == "wait":
                    {gate.pass_}
                return X
    """
