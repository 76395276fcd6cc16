"""The service of the page: a router and two models in one process."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

LOADER = "seldon_runtime.loader"
ROUTER = """
    import numpy as np
    from seldon_runtime import request_id

    class Router:
        def __init__(self):
            self.rewards = []

        def route(self, X, names):
            return int(X[0][0])

        def send_feedback(self, X, names, reward, truth, routing=None):
            self.rewards.append([routing, reward])

        def metrics(self):
            return [{"type": "COUNTER", "key": "routed", "value": 1}]

        def init_metadata(self):
            return {"name": "the router"}
"""
CHILD = """
    import threading
    from seldon_runtime import request_id

    class NAME:
        def __init__(self):
            self.rewards = []
            self.thread = threading.get_ident()

        def predict(self, X, names):
            assert threading.get_ident() == self.thread, "another thread"
            if X[0][0] > 1:
                raise ValueError("no such model")
            return X * FACTOR

        def send_feedback(self, X, names, reward, truth, routing=None):
            self.rewards.append(reward)

        def tags(self):
            return {"model": "NAME", "id": request_id(), "rewards": list(self.rewards)}
"""


@pytest.fixture
def routed(installed, tmp_path: Path):
    """A ``seldon-run`` of the page's service, with a router and two models."""
    files = {"Router": ROUTER}
    for name, factor in (("Doubles", "2"), ("Triples", "3")):
        files[name] = CHILD.replace("NAME", name).replace("FACTOR", factor)
    for name, source in files.items():
        tmp_path.joinpath(f"{name}.py").write_text(textwrap.dedent(source))
    tmp_path.joinpath("two.routed").write_text("Router\nDoubles\nTriples\n")

    def routed(*words: str, **options: Any) -> Any:
        return installed({LOADER: {"routed": "acme_routed"}}, "two.routed", "REST,GRPC", *words, **options)

    return routed


def test_a_service_of_a_router_and_two_models_answers_like_one_component(routed) -> None:
    process = routed("--access-log")
    for branch, name, factor in ((0, "Doubles", 2), (1, "Triples", 3)):
        request = {"data": {"ndarray": [[branch, 5]]}, "meta": {"puid": "p"}}
        answer = process.post("/predict", request, headers={"X-Request-Id": "r-7"}).json
        assert answer["data"]["ndarray"] == [[branch * factor, 5 * factor]]
        assert answer["meta"]["puid"] == "p"
        assert answer["meta"]["routing"] == {"Router": branch}
        assert answer["meta"]["tags"] == {"model": name, "id": "r-7", "rewards": []}
    with process.grpc_client() as client:
        message = SeldonMessage()
        message.data.tensor.shape.extend([1, 2])
        message.data.tensor.values.extend([1, 4])
        assert list(client.call("Model/Predict", message).data.tensor.values) == [3, 12]
    assert process.get("/metadata").json["name"] == "the router"
    assert process.get("/health/status").json["strData"] == "healthy"


def test_the_feedback_of_such_a_service_reaches_the_router_and_the_model_that_it_chose(routed) -> None:
    process = routed()
    for branch, reward in ((1, 0.5), (1, 1.5), (None, 9.0)):
        meta = {} if branch is None else {"routing": {"Router": branch}}
        feedback = {"request": {"data": {"ndarray": [[1, 1]]}}, "response": {"meta": meta}, "reward": reward}
        assert process.post("/send-feedback", feedback).status == 200
    rewards = [
        process.post("/predict", {"data": {"ndarray": [[branch, 0]]}}).json["meta"]["tags"]["rewards"]
        for branch in (0, 1)
    ]
    assert rewards == [[], [0.5, 1.5]]


def test_an_exception_of_one_of_its_models_is_the_error_of_the_call(routed) -> None:
    process = routed()
    broken = process.post("/predict", {"data": {"ndarray": [[7, 0]]}})
    assert (broken.status, broken.json["status"]["reason"]) == (500, "MICROSERVICE_INTERNAL_ERROR")
    assert "the router chose 7" in broken.json["status"]["info"]
    assert process.post("/predict", {"data": {"ndarray": [[0, 1]]}}).status == 200


def test_the_state_of_each_component_of_a_service_is_kept(routed, tmp_path: Path) -> None:
    words = ("--persistence", "file", "--persistence-folder", str(tmp_path / "state"))
    feedback = {
        "request": {"data": {"ndarray": [[1, 1]]}},
        "response": {"meta": {"routing": {"Router": 0}}},
        "reward": 2.5,
    }
    process = routed(*words)
    assert process.post("/send-feedback", feedback).status == 200
    assert process.stop() == 0
    assert len(list((tmp_path / "state").iterdir())) >= 3
