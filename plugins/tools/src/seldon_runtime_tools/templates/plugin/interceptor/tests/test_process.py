"""The installed plugin in a real process."""

from __future__ import annotations

from collections.abc import Callable

from rest_client import post

from seldon_runtime.testing import Process

ECHO = """
    class Echo:
        def predict(self, X, features_names):
            return X
"""


def test_only_calls_with_the_token_are_answered(seldon_run: Callable[..., Process]) -> None:
    env = {"SELDON_EXTENSIONS": "my-name", "SELDON_MY_NAME_TOKEN": "sesame"}
    process = seldon_run("Echo", "REST", source=ECHO, env=env)
    for headers in ({}, {"Authorization": "Basic sesame"}, {"Authorization": "Bearer guess"}):
        status, answer = post(process, "/predict", {"strData": "x"}, headers)
        assert (status, answer["status"]["reason"]) == (401, "MICROSERVICE_UNAUTHENTICATED")
    status, answer = post(process, "/predict", {"strData": "x"}, {"Authorization": "Bearer sesame"})
    assert (status, answer["strData"]) == (200, "x")


def test_a_missing_token_stops_the_start(seldon_run: Callable[..., Process]) -> None:
    process = seldon_run("Echo", "REST", source=ECHO, env={"SELDON_EXTENSIONS": "my-name"}, wait=False)
    assert process.wait() == 3
    assert "my-name has no token" in process.log
