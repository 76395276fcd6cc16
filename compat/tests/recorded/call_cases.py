"""Calls of functions that take a user's object or values. Runs on Python 3.8 and later.

``record.py`` runs them with the package that the drop-in stands for, ``test_recorded_calls.py`` with the
drop-in itself. Both set the variables of ``ENVIRONMENT`` before the first import.
"""

import io
from importlib import import_module

import numpy as np
from google.protobuf import json_format
from google.protobuf.message import Message

ENVIRONMENT = {"PREDICTIVE_UNIT_ID": "unit", "PREDICTIVE_UNIT_IMAGE": "image:1"}


def _module(name):
    return import_module("seldon_core." + name)


class Whole:
    """A component with every method."""

    def predict(self, X, names, meta=None):
        response, counter = _module("user_model").SeldonResponse, _module("metrics").create_counter
        data = np.array([[1.0, 2.0]]) if isinstance(X, np.ndarray) else X
        return response(data, tags={"r": 1}, metrics=[counter("c", 1)])

    def transform_input(self, X, names, meta=None):
        return X

    def transform_output(self, X, names, meta=None):
        return X

    def route(self, X, names):
        return 2

    def aggregate(self, Xs, names):
        return Xs[0]

    def send_feedback(self, features, names, reward, truth, routing=None):
        return [[reward, routing]]

    def health_status(self):
        return "fine"

    def tags(self):
        return {"t": "x"}

    def metrics(self):
        return [_module("metrics").create_gauge("g", 3)]

    def init_metadata(self):
        return {"name": "n", "versions": ["1"], "platform": "p", "inputs": [], "outputs": []}


class Empty:
    """A class without methods."""


class Raising:
    """A component that fails, with its own exception or one for the client."""

    def predict(self, X, names):
        raise ValueError("boom")

    def transform_input(self, X, names):
        raise _module("flask_utils").SeldonMicroserviceException("no", status_code=403, reason="WHY")


class Raw:
    """A component with raw methods."""

    def predict_raw(self, message):
        if isinstance(message, dict):
            return {"strData": "raw", "meta": {"metrics": [_module("metrics").create_counter("c", 1)]}}
        return _module("proto.prediction_pb2").SeldonMessage(strData=type(message).__name__)

    def health_status_raw(self):
        return {"strData": "raw"}


class Named:
    """A component with invalid metadata."""

    def init_metadata(self):
        return {"name": 1}


def _array():
    return {"data": {"names": ["a", "b"], "ndarray": [[1.0, 2.0]]}, "meta": {"puid": "p", "tags": {"c": 1}}}


def _json_and_message(function, given):
    """Yield the cases with JSON and with a message. ``given`` makes the request; the wrapper changes it."""
    methods, utils, metrics = (_module(name) for name in ("seldon_methods", "utils", "metrics"))
    convert = utils.json_to_seldon_messages if function == "aggregate" else utils.json_to_seldon_message
    for form, make in (("json", given), ("message", lambda: convert(given()))):
        for user in (Whole, Empty):
            yield (
                f"{function}-{form}-{user.__name__}",
                lambda make=make, user=user: getattr(methods, function)(
                    user(), make(), metrics.SeldonMetrics()
                ),
            )


def _methods():
    methods, utils, metrics = (_module(name) for name in ("seldon_methods", "utils", "metrics"))
    counted = metrics.SeldonMetrics
    for function in ("predict", "transform_input", "transform_output", "route"):
        yield from _json_and_message(function, _array)
    yield from _json_and_message("aggregate", lambda: {"seldonMessages": [_array(), _array()]})
    yield "aggregate-list", lambda: methods.aggregate(Whole(), [_array(), _array()], counted())
    yield "aggregate-other", lambda: methods.aggregate(Whole(), {"x": 1}, counted())
    for name, given in (
        ("str", {"strData": "x"}),
        ("bin", {"binData": "AQI="}),
        ("json", {"jsonData": {"a": 1}}),
        ("tensor", {"data": {"tensor": {"shape": [1, 1], "values": [1.0]}}}),
        ("nothing", {}),
        ("list", []),
        ("other", {"x": 1}),
        ("none", None),
    ):
        yield f"predict-{name}", lambda given=given: methods.predict(Whole(), given, counted())
    yield "predict-raises", lambda: methods.predict(Raising(), _array(), counted())
    yield "input-raises", lambda: methods.transform_input(Raising(), _array(), counted())
    yield "raw-json", lambda: methods.predict(Raw(), _array(), counted())
    yield (
        "raw-message",
        lambda: methods.predict(Raw(), utils.json_to_seldon_message(_array()), counted()),
    )
    yield "raw-health", lambda: methods.health_status(Raw(), counted())
    feedback = {
        "request": _array(),
        "response": {"meta": {"routing": {"unit": 3, "other": 4}}},
        "reward": 0.5,
        "truth": _array(),
    }
    for unit in ("unit", "other", "third"):
        yield (
            f"feedback-{unit}",
            lambda unit=unit: methods.send_feedback(
                Whole(), utils.json_to_feedback(feedback), unit, counted()
            ),
        )
    yield (
        "feedback-Empty",
        lambda: methods.send_feedback(Empty(), utils.json_to_feedback(feedback), "unit", counted()),
    )
    for user in (Whole, Empty):
        yield f"health-{user.__name__}", lambda user=user: methods.health_status(user(), counted())
    for user in (Whole, Empty, Named):
        yield f"metadata-{user.__name__}", lambda user=user: methods.init_metadata(user())


def _servicer():
    wrapper, utils, metrics = (_module(name) for name in ("wrapper", "utils", "metrics"))
    for name, given in (
        ("Predict", {"strData": "x"}),
        ("TransformInput", {"strData": "x"}),
        ("TransformOutput", {"strData": "x"}),
        ("Route", {"strData": "x"}),
    ):
        yield (
            f"servicer-{name}",
            lambda name=name, given=given: getattr(
                wrapper.SeldonModelGRPC(Whole(), metrics.SeldonMetrics()), name
            )(utils.json_to_seldon_message(given), None),
        )
    for name in ("Metadata", "ModelMetadata", "GraphMetadata"):
        yield (
            f"servicer-{name}",
            lambda name=name: getattr(wrapper.SeldonModelGRPC(Whole(), metrics.SeldonMetrics()), name)(
                None, None
            ),
        )
    yield (
        "servicer-raises",
        lambda: wrapper.SeldonModelGRPC(Raising(), metrics.SeldonMetrics()).Predict(
            utils.json_to_seldon_message({"strData": "x"}), None
        ),
    )


def _values():
    utils, metadata, env_utils = (_module(name) for name in ("utils", "metadata", "env_utils"))
    arrays = {
        "numbers": np.array([[1, 2.5]]),
        "texts": np.array(["a", "b"]),
        "truths": np.array([True]),
        "empty": np.array([]),
        "mixed": np.array([1, None, "x", {"a": 1}, [1, 2]], dtype=object),
        "bytes": np.array([[1, 2], [3, 4]], dtype="int8"),
    }
    for name, array in arrays.items():
        yield f"list-{name}", lambda array=array: utils.array_to_list_value(array)
    yield (
        "list-longer",
        lambda: utils.array_to_list_value(np.array([1]), utils.array_to_list_value(np.array([9]))),
    )
    tensor = {"messagetype": "tensor", "schema": {"names": ["a"], "shape": [2]}}
    documents = {
        "whole": {"name": "n", "versions": ["1"], "inputs": [tensor], "outputs": [], "custom": {"a": "b"}},
        "empty": {},
        "none": None,
        "unknown": {"x": 1},
        "number": {"name": 1},
        "versions": {"versions": "1"},
        "v2": {"inputs": [{"name": "i", "datatype": "INT32", "shape": [1]}]},
        "v2-type": {"inputs": [{"name": "i", "datatype": "INT", "shape": [1]}]},
        "text-input": {"inputs": [{"messagetype": "strData"}]},
        "own-input": {"inputs": [{"messagetype": "mine", "schema": {"a": 1}}]},
        "inputs-object": {"inputs": {}},
        "custom-number": {"custom": {"a": 1}},
        "custom-list": {"custom": []},
    }
    for name, document in documents.items():
        yield (
            f"metadata-message-{name}",
            lambda document=document: utils.json_to_seldon_model_metadata(document),
        )
        yield (
            f"metadata-valid-{name}",
            lambda document=document: metadata.validate_model_metadata(document),
        )
    yield "request-path", utils.get_request_path
    for name in ("deployment_name", "image_name", "model_name", "predictor_name", "predictor_version"):
        yield f"env-{name}", lambda name=name: getattr(env_utils, f"get_{name}")()
        yield f"env-{name}-default", lambda name=name: getattr(env_utils, f"get_{name}")("d")


def _page():
    wrapper, metrics = _module("wrapper"), _module("metrics")
    counted = metrics.SeldonMetrics()
    counted.update([metrics.create_counter("c", 2), metrics.create_gauge("g", 1)], "predict")
    counted.update([metrics.create_counter("c", 3)], "predict")
    counted.update_reward(0.5)
    text = wrapper.get_metrics_microservice(counted).test_client().get("/metrics").get_data(as_text=True)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.partition("{")[0]: line.rpartition(" ")[2] for line in lines}


def _requests():
    import flask

    flask_utils = _module("flask_utils")
    app = flask.Flask("cases")

    @app.route("/request", methods=["GET", "POST"])
    def given():
        try:
            return flask_utils.jsonify({"got": flask_utils.get_request()})
        except flask_utils.SeldonMicroserviceException as error:
            return flask_utils.jsonify(error.to_dict()), error.status_code

    @app.route("/undecoded", methods=["GET", "POST"])
    def undecoded():
        return flask_utils.jsonify(repr(flask_utils.get_request(skip_decoding=True)), skip_encoding=True)

    @app.route("/multipart", methods=["POST"])
    def multipart():
        return flask_utils.jsonify(flask_utils.get_multi_form_data_request())

    client = app.test_client()
    form = "multipart/form-data"
    asked = {
        "json": lambda: client.post("/request", json={"a": 1}),
        "list": lambda: client.post("/request", json=[1]),
        "empty": lambda: client.post("/request", json={}),
        "form": lambda: client.post("/request", data={"json": '{"a":1}'}),
        "query": lambda: client.get("/request?json=%7B%22a%22:1%7D"),
        "nothing": lambda: client.get("/request"),
        "null": lambda: client.post("/request", json=None),
        "broken": lambda: client.post("/request", data="{", content_type="application/json"),
        "text": lambda: client.post("/request", data='{"a":1}', content_type="text/plain"),
        "raw-bytes": lambda: client.post("/undecoded", data=b"\0", content_type="application/octet-stream"),
        "raw-json": lambda: client.post("/undecoded", json={"a": 1}),
        "raw-form": lambda: client.post("/undecoded", data={"json": '{"a":1}'}),
        "raw-query": lambda: client.get("/undecoded?json=1"),
        "fields": lambda: client.post(
            "/multipart", data={"strData": "x", "data": '{"ndarray":[1]}'}, content_type=form
        ),
        "files": lambda: client.post(
            "/multipart",
            data={"strData": (io.BytesIO(b"x"), "f"), "jsonData": (io.BytesIO(b"{}"), "f")},
            content_type=form,
        ),
    }
    for name, ask in asked.items():
        yield f"request-{name}", lambda ask=ask: _answer(ask())


def _answer(response):
    if response.status_code != 200:
        return {"status": response.status_code, "reason": response.get_json()["status"]["reason"]}
    return {"status": 200, "type": response.mimetype, "body": response.get_data(as_text=True).strip()}


def cases():
    """Return the function of each case by its name."""
    return {**dict(_methods()), **dict(_servicer()), **dict(_values()), **dict(_requests()), "page": _page}


def run(function):
    """Return the result in plain values: that of a call, or the names and status of an exception."""
    try:
        result = function()
    except Exception as error:  # noqa: BLE001 - the record has its class
        return {
            "raised": type(error).__name__,
            "status_code": getattr(error, "status_code", None),
            "reason": getattr(error, "reason", None),
        }
    if isinstance(result, Message):
        return {"message": result.DESCRIPTOR.full_name, "content": json_format.MessageToDict(result)}
    return {"returned": result}
