"""The installed plugin in a real process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rest_client import post

from seldon_runtime.testing import WAIT_S, Process

ROWS = """
    class Rows:
        def predict(self, X, features_names):
            self.rows = len(X)
            return X * 2

        def tags(self):
            return {"rows": self.rows}
"""


def test_calls_that_wait_together_are_one_prediction(seldon_run: Callable[..., Process]) -> None:
    env = {
        "SELDON_EXTENSIONS": "my-name",
        "SELDON_MY_NAME_SIZE": "3",
        "SELDON_MY_NAME_WAIT_S": str(WAIT_S),
    }
    process = seldon_run("Rows", "REST", source=ROWS, env=env)

    def ask(number: int) -> Any:
        return post(process, "/predict", {"data": {"ndarray": [[number, 1]]}})

    with ThreadPoolExecutor(3) as clients:
        answers = list(clients.map(ask, range(3)))
    for number, (status, answer) in enumerate(answers):
        assert (status, answer["data"]["ndarray"]) == (200, [[number * 2, 2]])
        assert answer["meta"]["tags"] == {"rows": 3}
