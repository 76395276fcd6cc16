from __future__ import annotations

import json

import jsonschema
import openapi_spec_validator
import pytest

from seldon_runtime_v2.rest.documentation import TAG


class AddSub:
    def infer(self, inputs):
        return {"sum": inputs["a"] + inputs["b"]}

    def init_metadata(self):
        return {
            "inputs": [{"name": name, "datatype": "FP32", "shape": [-1, 2]} for name in "ab"],
            "outputs": [{"name": "sum", "datatype": "FP32", "shape": [-1, 2]}],
        }


class Fitted:
    """A model that knows its columns, as scikit-learn's do."""

    feature_names_in_ = ("length", "width")

    def predict(self, X, names):
        assert names == ["length", "width"]
        return X[:, 0]


def operations(ask, name="m"):
    """The operations of V2 by path."""
    paths = ask("GET", "/seldon.json").json["paths"]
    found = {path: operation for path, item in paths.items() for operation in item.values()}
    return {path: operation for path, operation in found.items() if operation["tags"] == [TAG]}


@pytest.mark.parametrize("user", [AddSub(), Fitted()])
@pytest.mark.parametrize("end", ["infer", "generate", "generate_stream"])
def test_the_example_of_each_inference_works_unedited(serve, user, end):
    ask = serve(user, "--v2-model-name", "m")
    path = f"/v2/models/m/{end}"
    content = operations(ask)[path]["requestBody"]["content"]["application/json"]
    assert ask("POST", path, json.dumps(content["example"])).status == 200


def test_the_schema_has_the_declared_tensors(serve):
    infer = operations(serve(AddSub(), "--v2-model-name", "m"))["/v2/models/m/infer"]
    request = infer["requestBody"]["content"]["application/json"]["schema"]["properties"]["inputs"]
    response = infer["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["outputs"]
    assert request["items"]["properties"]["name"]["enum"] == ["a", "b"]
    assert request["items"]["properties"]["datatype"]["enum"] == ["FP32"]
    assert '{"a": [-1, 2], "b": [-1, 2]}' in request["description"]
    assert response["items"]["properties"]["name"]["enum"] == ["sum"]


@pytest.mark.parametrize("user", [AddSub(), Fitted()])
def test_every_answer_fits_the_schema_of_its_operation(serve, user):
    ask = serve(user, "--v2-model-name", "m")
    paths = ask("GET", "/seldon.json").json["paths"]
    checked = set()
    for path, operation in operations(ask).items():
        ((status, response), _) = operation["responses"].items()
        content = response["content"].get("application/json")
        if content is None:  # a stream
            continue
        (verb,) = paths[path]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        answer = ask(verb.upper(), path.format(model="m"), None if body is None else json.dumps(body))
        assert answer.status == int(status), (path, answer.body)
        jsonschema.validate(answer.json, content["schema"])
        checked.add(path.rpartition("/")[2])
    assert {"index", "load", "unload", "infer", "generate", "stats", "config"} <= checked


def test_every_route_has_an_operation_with_the_error_of_v2(serve):
    found = operations(serve(AddSub(), "--v2-model-name", "m"))
    assert {path.rpartition("/")[2] for path in found} == {
        *("v2", "live", "ready", "models", "stats", "m", "config", "infer"),
        *("generate", "generate_stream", "index", "load", "unload"),
    }
    for operation in found.values():
        error = operation["responses"]["default"]["content"]["application/json"]["schema"]
        assert error["required"] == ["error"]
        assert operation["summary"]


def test_a_component_that_cannot_infer_has_no_operation_for_it(serve):
    class Router:
        def route(self, X, names):
            return 1

    ask = serve(Router(), "--v2-model-name", "m")
    assert "/v2/models/m" in operations(ask)
    assert not [path for path in operations(ask) if path.endswith(("infer", "generate", "generate_stream"))]
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}]}
    assert ask("POST", "/v2/models/m/infer", json.dumps(body)).status == 501


@pytest.mark.parametrize("user", [AddSub(), Fitted()])
@pytest.mark.parametrize("name", ["m", "a b"])
def test_the_document_is_valid(serve, user, name):
    document = serve(user, "--v2-model-name", name)("GET", "/seldon.json").json
    openapi_spec_validator.validate(document)
    assert [tag["name"] for tag in document["tags"]].count(TAG) == 1


def test_a_name_in_the_path_is_the_default_of_its_parameter(serve):
    found = operations(serve(AddSub(), "--v2-model-name", "a b"))
    (parameter,) = found["/v2/models/{model}/infer"]["parameters"]
    assert (parameter["name"], parameter["schema"]["default"]) == ("model", "a b")
