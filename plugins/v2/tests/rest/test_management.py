"""Statistics, configuration and repository by HTTP."""

from __future__ import annotations

import json

import pytest


class Model:
    def predict(self, X, names):
        if (X < 0).any():
            raise ValueError("negative")
        return X

    def init_metadata(self):
        return {"versions": ["1"]}


@pytest.fixture
def ask(serve):
    return serve(Model(), "--v2-model-name", "m")


def infer(ask, shape=(1, 2), value=1):
    count = shape[0] * shape[1]
    tensor = {"name": "x", "datatype": "FP32", "shape": shape, "data": [value] * count}
    return ask("POST", "/v2/models/m/infer", json.dumps({"inputs": [tensor]})).status


@pytest.mark.parametrize("path", ["/v2/models/m/stats", "/v2/models/m/versions/1/stats", "/v2/models/stats"])
def test_statistics_count_the_inferences_of_every_kind(ask, path):
    assert [infer(ask), infer(ask, (3, 2)), infer(ask, value=-1)] == [200, 200, 500]
    assert ask("POST", "/v2/models/m/generate", b'{"x": [[1, 2], [3, 4]]}').status == 200
    assert (
        ask("POST", "/predict", b'{"data": {"ndarray": [[1]]}}', Content_Type="application/json").status
        == 200
    )
    answer = ask("GET", path)
    (found,) = answer.json["model_stats"]
    assert answer.status == 200
    assert (found["name"], found["version"]) == ("m", "1")
    assert (found["inference_count"], found["execution_count"]) == (6, 3)
    times = found["inference_stats"]
    assert {name: part["count"] for name, part in times.items()} == {
        "success": 3,
        "fail": 1,
        "queue": 3,
        "compute_input": 3,
        "compute_infer": 3,
        "compute_output": 3,
        "cache_hit": 0,
        "cache_miss": 0,
    }
    parts = ("queue", "compute_input", "compute_infer", "compute_output")
    assert all(times[part]["ns"] > 0 for part in parts)
    assert sum(times[part]["ns"] for part in parts) == pytest.approx(times["success"]["ns"], rel=1e-3)
    assert [each["batch_size"] for each in found["batch_stats"]] == [1, 2, 3]


def test_a_model_called_stats_keeps_its_address(serve):
    ask = serve(Model(), "--v2-model-name", "stats")
    assert ask("GET", "/v2/models/stats").json["name"] == "stats"
    assert ask("GET", "/v2/models/stats/stats").json["model_stats"][0]["name"] == "stats"


@pytest.mark.parametrize("path", ["/v2/models/m/config", "/v2/models/m/versions/1/config"])
def test_the_configuration_is_served(ask, path):
    answer = ask("GET", path)
    assert (answer.status, answer.json["name"], answer.json["max_batch_size"]) == (200, "m", 0)


@pytest.mark.parametrize("end", ["stats", "config"])
@pytest.mark.parametrize("model", ["other", "m/versions/2"])
def test_another_model_is_not_found(ask, model, end):
    answer = ask("GET", f"/v2/models/{model}/{end}")
    assert (answer.status, answer.json.keys()) == (404, {"error"})


@pytest.mark.parametrize("body", [None, b"{}", b'{"ready": true}', b'{"unknown": 1}'])
def test_the_index_has_the_model(ask, body):
    answer = ask("POST", "/v2/repository/index", body)
    assert answer.json == [{"name": "m", "version": "1", "state": "READY", "reason": ""}]


def test_the_index_follows_readiness(ask):
    ask.served.service.ready = False
    assert ask("POST", "/v2/repository/index", b'{"ready": true}').json == []
    assert ask("POST", "/v2/repository/index").json[0]["state"] == "UNAVAILABLE"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("index", b"[", 400),
        ("index", b'{"ready": 1}', 400),
        ("models/m/load", b"1", 400),
        ("models/m/load", b"\xff", 400),
        ("models/m/load", b'{"parameters": {"config": "{}"}}', 400),
        ("models/other/load", b"", 404),
        ("models/m/unload", b'{"parameters": 1}', 400),
        ("models/m/unload", b'{"parameters": {"unload_dependents": true}}', 503),
        ("models/other/unload", b"", 404),
    ],
)
def test_what_the_repository_cannot_do_is_an_error(ask, path, body, status):
    answer = ask("POST", f"/v2/repository/{path}", body)
    assert (answer.status, answer.json.keys()) == (status, {"error"})


@pytest.mark.parametrize("body", [None, b"{}", b'{"parameters": {}}'])
def test_a_load_of_the_served_model_confirms_it_while_it_is_ready(ask, body):
    answer = ask("POST", "/v2/repository/models/m/load", body)
    assert (answer.status, answer.json) == (200, {"name": "m", "load": True})
    ask.served.service.ready = False
    assert ask("POST", "/v2/repository/models/m/load", body).status == 503
