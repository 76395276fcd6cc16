"""V2 by HTTP: the routes of the plugin behind the REST transport."""

from __future__ import annotations

import gzip
import json
import struct
import zlib

import pytest

INPUT = {"name": "x", "datatype": "FP32", "shape": [2], "data": [1, 2]}
BODY = json.dumps({"inputs": [INPUT]}).encode()


class Model:
    def predict(self, X, names):
        if X.size > 2:
            raise ValueError("too many")
        return X

    def init_metadata(self):
        return {"versions": ["1"]}


@pytest.fixture
def ask(serve):
    return serve(Model(), "--v2-model-name", "m")


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_the_server_describes_itself(ask, path):
    answer = ask("GET", path)
    assert answer.status == 200
    assert answer.json.keys() == {"name", "version", "extensions"}
    assert "binary_tensor_data" in answer.json["extensions"]


def test_health_has_both_keys_and_follows_the_service(ask):
    assert ask("GET", "/v2/health/live").json == {"live": True, "ready": True}
    ask.served.service.ready = False
    assert ask("GET", "/v2/health/live").status == 200
    for path in ("/v2/health/ready", "/v2/models/m/ready"):
        assert ask("GET", path).status == 503
    assert ask("GET", "/v2/health/ready").json == {"live": True, "ready": False}
    ask.served.service.ready = True
    ask.served.service.alive = False
    assert ask("GET", "/v2/health/live").status == 503


def test_only_outputs_are_compressed(serve):
    ask = serve(Model(), "--v2-model-name", "m", "--http-compress-from", "1")
    for verb, path, body in [
        ("GET", "/v2/models/m", None),
        ("GET", "/v2/models/m/stats", None),
        ("GET", "/v2/models/x", None),
        ("GET", "/v2/nothing", None),
        ("POST", "/v2/repository/index", None),
        ("POST", "/v2/models/m/infer", b"{"),
    ]:
        answer = ask(verb, path, body, Accept_Encoding="gzip")
        assert isinstance(answer.json, dict | list)
        assert answer.headers["cache-control"] == "no-transform"
    answer = ask("POST", "/v2/models/m/infer", BODY, Accept_Encoding="gzip")
    assert json.loads(gzip.decompress(answer.body))["outputs"][0]["data"] == [1, 2]


@pytest.mark.parametrize("base", ["/v2/models/m", "/v2/models/m/versions/1", "/v2/models/%6D"])
def test_a_model_is_found_with_and_without_its_version(ask, base):
    assert ask("GET", base).json["name"] == "m"
    assert ask("GET", f"{base}/ready").json == {"name": "m", "ready": True}
    assert ask("POST", f"{base}/infer", BODY).json["outputs"][0]["data"] == [1, 2]


def test_the_models_are_listed(ask):
    assert ask("GET", "/v2/models").json == {"models": ["m"]}


@pytest.mark.parametrize("base", ["/v2/models/n", "/v2/models/m/versions/2"])
def test_another_model_or_version_is_not_found(ask, base):
    for verb, path in (("GET", base), ("GET", f"{base}/ready"), ("POST", f"{base}/infer")):
        answer = ask(verb, path, BODY if verb == "POST" else None)
        assert (answer.status, answer.json.keys()) == (404, {"error"})


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [("GET", "/v2/models/m/infer", 405), ("GET", "/v2/nothing", 404), ("POST", "/v2/models/m/guess", 404)],
)
def test_errors_without_a_route_have_the_form_of_v2(ask, verb, path, status):
    answer = ask(verb, path)
    assert (answer.status, answer.json.keys()) == (status, {"error"})
    assert "status" in ask("GET", "/v20").json


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain", "a"])
def test_the_content_type_does_not_matter(ask, content_type):
    headers = {} if content_type is None else {"Content_Type": content_type}
    assert ask("POST", "/v2/models/m/infer", BODY, **headers).status == 200


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body)[2:-4]),
    ],
)
def test_a_compressed_body_is_unpacked_before_the_header_counts(ask, coding, compress):
    head = json.dumps({"inputs": [{**INPUT, "parameters": {"binary_data_size": 8}}]})
    head = (
        head.replace(', "data": [1, 2]', "")
        .replace('"shape": [2]', '"shape":                           [2]')
        .encode()
    )
    body = compress(head + bytes(8))
    answer = ask(
        *("POST", "/v2/models/m/infer", body),
        Content_Encoding=coding,
        Inference_Header_Content_Length=str(len(head)),
    )
    assert answer.json["outputs"][0]["data"] == [0, 0]


@pytest.mark.parametrize(("coding", "unpack"), [("gzip", gzip.decompress), ("deflate", zlib.decompress)])
@pytest.mark.parametrize("is_binary", [True, False])
def test_an_answer_is_compressed_on_demand_and_its_header_counts_before(serve, coding, unpack, is_binary):
    ask = serve(Model(), "--v2-model-name", "m", "--http-compress-from", "1")
    request = {"inputs": [INPUT], "parameters": {"binary_data_output": is_binary}}
    answer = ask("POST", "/v2/models/m/infer", json.dumps(request), Accept_Encoding=coding)
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == (coding, "Accept-Encoding")
    body = unpack(answer.body)
    text = body[: int(answer.headers["inference-header-content-length"])] if is_binary else body
    (output,) = json.loads(text)["outputs"]
    assert output["shape"] == [2]
    assert (output.get("data"), body[len(text) :]) in (([1, 2], b""), (None, struct.pack("<2f", 1, 2)))


def test_an_event_is_never_compressed(serve):
    ask = serve(Model(), "--v2-model-name", "m", "--http-compress-from", "1")
    answer = ask("POST", "/v2/models/m/generate_stream", b'{"x": [1, 2]}', Accept_Encoding="gzip")
    assert answer.body.startswith(b"data: {")


@pytest.mark.parametrize("length", ["many", "-1", "1.5", "100000", "9" * 30])
def test_a_wrong_header_is_the_clients_fault(ask, length):
    answer = ask("POST", "/v2/models/m/infer", BODY, Inference_Header_Content_Length=length)
    assert (answer.status, answer.json.keys()) == (400, {"error"})
    assert "Inference-Header-Content-Length" in answer.json["error"]


def test_spaces_around_a_header_do_not_count(ask):
    answer = ask("POST", "/v2/models/m/infer", BODY, Inference_Header_Content_Length=f" {len(BODY)}\t ")
    assert answer.status == 200


def test_a_failing_component_is_an_internal_error_and_the_server_lives_on(ask):
    body = json.dumps({"inputs": [{**INPUT, "shape": [3], "data": [1, 2, 3]}]})
    answer = ask("POST", "/v2/models/m/infer", body, X_Request_Id="7")
    assert (answer.status, answer.json) == (500, {"error": "ValueError: too many"})
    assert answer.headers["x-request-id"] == "7"
    assert ask("POST", "/v2/models/m/infer", BODY).status == 200


def test_a_class_without_predict_is_not_implemented(serve):
    class Router:
        def route(self, X, names):
            return 0

    answer = serve(Router())("POST", "/v2/models/unit/infer", BODY)
    assert (answer.status, answer.json) == (501, {"error": "Router has no method predict and no infer"})


def test_a_transformer_answers_by_transform_input(serve):
    class Transformer:
        def transform_input(self, X, names):
            return X + 1

    answer = serve(Transformer())("POST", "/v2/models/unit/infer", BODY)
    assert answer.json["outputs"][0]["data"] == [2, 3]


def test_a_name_with_any_characters_is_found(serve):
    ask = serve(Model(), "--v2-model-name", "a b/{c}")
    assert ask("POST", "/v2/models/a%20b%2F%7Bc%7D/infer", BODY).status == 200


def test_a_body_counts_in_the_budget_of_memory(serve):
    ask = serve(Model(), "--max-request-memory", "100000")
    data = [None] * 12_000
    body = json.dumps({"inputs": [{**INPUT, "shape": [len(data)], "data": data}]})
    answer = ask("POST", "/v2/models/unit/infer", body)
    assert (answer.status, answer.json.keys()) == (413, {"error"})


def test_the_openapi_document_has_one_address_of_the_model(serve, ask):
    paths = ask("GET", "/seldon.json").json["paths"]
    assert {path for path in paths if path.endswith("/infer")} == {"/v2/models/m/infer"}
    paths = serve(Model(), "--v2-model-name", "a b")("GET", "/seldon.json").json["paths"]
    assert {path for path in paths if path.endswith("/infer")} == {"/v2/models/{model}/infer"}
