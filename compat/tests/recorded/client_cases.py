"""Calls of ``SeldonClient`` against servers that write down what arrives. Runs on Python 3.8 and later.

``record.py`` runs them with the package that the drop-in stands for, ``test_client_recorded.py`` with the
drop-in itself.
"""

import json
import threading
from base64 import b64encode
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import grpc
import numpy as np
from google.protobuf import json_format

DATA = {"data": np.array([[1.0, 2.0]])}
GATEWAYS = ("seldon", "ambassador", "istio")

REST = {"transport": "rest"}
GRPC = {"transport": "grpc"}
NAMED = {"deployment_name": "dep", "namespace": "ns"}
"""A deployment in a namespace."""


def _predictions():
    payloads = {
        "array": DATA,
        "names": {"data": np.array([[1.0]]), "names": ["a"]},
        "ndarray": {"data": np.array([[1.0, 2.0]]), "payload_type": "ndarray"},
        "texts": {"data": np.array([["a", "b"]]), "payload_type": "ndarray"},
        "bin": {"bin_data": b"\x01\x02"},
        "str": {"str_data": "text"},
        "json": {"json_data": {"a": 1}},
        "raw": {"raw_data": {"data": {"ndarray": [[1.0]]}}},
        "raw-meta": {"raw_data": {"strData": "x", "meta": {"puid": "q"}}, "meta": {"puid": "p"}},
        "meta": {"str_data": "text", "meta": {"tags": {"a": "b"}}},
        "headers": {"str_data": "text", "headers": {"x-one": "1"}},
        "prefix": {"str_data": "text", "gateway_prefix": "/my/prefix"},
        "http-path": {"str_data": "text", "http_path": "/v2/path"},
        "no-namespace": {"str_data": "text", "namespace": None},
        "proto": {"str_data": "text", "client_return_type": "proto"},
        "dict": {"str_data": "text", "client_return_type": "dict"},
        "prefix-and-path": {"str_data": "text", "gateway_prefix": "/my", "http_path": "/v2/path"},
        "error": {"str_data": "error"},
        "error-proto": {"str_data": "error", "client_return_type": "proto"},
        "bad": {"str_data": "bad"},
    }
    for gateway in GATEWAYS:
        for transport in (REST, GRPC):
            for payload, given in payloads.items():
                yield (
                    f"predict-{gateway}-{transport['transport']}-{payload}",
                    dict(NAMED, gateway=gateway, **transport),
                    "predict",
                    given,
                )


def _microservices():
    methods = ("predict", "transform-input", "transform-output", "route", "aggregate")
    for transport in (REST, GRPC):
        name = transport["transport"]
        for method in methods:
            given = {"datas": [DATA["data"], DATA["data"]]} if method == "aggregate" else DATA
            yield (
                f"microservice-{name}-{method}",
                transport,
                "microservice",
                dict(given, method=method),
            )
        for payload, given in (
            ("str", {"str_data": "text"}),
            ("bin", {"bin_data": b"\x01"}),
            ("json", {"json_data": [1, "a"]}),
            ("ndarray", dict(DATA, payload_type="ndarray", names=["a", "b"])),
            ("error", {"str_data": "error"}),
            ("bad", {"str_data": "bad"}),
        ):
            yield (
                f"microservice-{name}-predict-{payload}",
                transport,
                "microservice",
                dict(given, method="predict"),
            )
        yield (
            f"microservice-{name}-aggregate-names",
            transport,
            "microservice",
            {"datas": [DATA["data"]], "method": "aggregate", "names": ["a", "b"], "payload_type": "ndarray"},
        )


def _feedback():
    request, response = {"data": {"ndarray": [[1.0]]}}, {"meta": {"routing": {"r": 1}}}
    for gateway in GATEWAYS:
        for transport in (REST, GRPC):
            yield (
                f"feedback-{gateway}-{transport['transport']}",
                dict(NAMED, gateway=gateway, **transport),
                "feedback",
                {"prediction_request": request, "prediction_response": response, "reward": 0.5},
            )
    truth = {"data": {"ndarray": [[2.0]]}}
    for name, given in (
        ("prefix", {"gateway_prefix": "/my"}),
        ("truth", {"prediction_truth": truth}),
        ("raw", {"raw_request": {"reward": 2.0, "truth": truth}}),
        ("proto", {"client_return_type": "proto"}),
    ):
        for transport in (REST, GRPC):
            yield (
                f"feedback-{transport['transport']}-{name}",
                dict(NAMED, **transport),
                "feedback",
                dict(
                    {"prediction_request": request, "prediction_response": response, "reward": 0.5}, **given
                ),
            )
    for transport in (REST, GRPC):
        yield (
            f"microservice-feedback-{transport['transport']}",
            transport,
            "microservice_feedback",
            {"prediction_request": request, "prediction_response": response, "reward": 0.5},
        )


def _explanations():
    for gateway in ("seldon", "ambassador", "istio"):
        yield (
            f"explain-{gateway}",
            dict(NAMED, gateway=gateway),
            "explain",
            dict(DATA, predictor="default"),
        )
        for name, given in (
            ("prefix", {"gateway_prefix": "/my"}),
            ("path", {"http_path": "/v2/path"}),
            ("headers", {"headers": {"x-one": "1"}}),
            ("no-namespace", {"namespace": None}),
        ):
            yield (
                f"explain-{gateway}-{name}",
                dict(NAMED, gateway=gateway),
                "explain",
                dict(given, str_data="text", predictor="default"),
            )
        yield (
            f"explain-{gateway}-plain",
            dict(NAMED, gateway=gateway),
            "explain",
            {"str_data": "text"},
        )


def _wrong():
    yield ("wrong-gateway", {"gateway": "nowhere"}, "predict", {})
    yield ("wrong-transport", {"transport": "pigeon"}, "predict", {})
    yield ("wrong-gateway-later", NAMED, "predict", {"gateway": "nowhere"})
    yield ("wrong-transport-later", NAMED, "predict", {"transport": "pigeon"})
    yield ("wrong-method", {}, "microservice", dict(DATA, method="fly"))
    yield ("wrong-data", NAMED, "predict", {"data": [[1.0]]})
    yield ("wrong-return", NAMED, "predict", dict(DATA, client_return_type="xml"))
    yield ("no-deployment", {}, "predict", DATA)


def cases():
    """Return name, arguments of the client, method and its arguments of each case."""
    return [*_predictions(), *_microservices(), *_feedback(), *_explanations(), *_wrong()]


ANSWER = {"data": {"names": ["t"], "tensor": {"shape": [1, 1], "values": [0.5]}}, "meta": {"puid": "p"}}
FAILURE = {"status": {"code": -1, "info": "no", "reason": "WHY", "status": 1}}


class Recorder:
    """An HTTP and a gRPC server on free ports. ``seen`` has what arrived last.

    A text ``error`` in the request brings an answer of status 500 with a status in its body; ``bad`` one that
    is not JSON. Over gRPC both bring the status INTERNAL.
    """

    def __init__(self, messages):
        self.seen = None
        self._messages = messages
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self._grpc = grpc.server(futures.ThreadPoolExecutor(2))
        self._grpc.add_generic_rpc_handlers((_Rpcs(self),))
        port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()
        self.endpoints = {
            "rest": f"127.0.0.1:{self._http.server_address[1]}",
            "grpc": f"127.0.0.1:{port}",
        }

    def close(self):
        self._http.shutdown()
        self._http.server_close()
        self._grpc.stop(None)

    def answer_grpc(self, rpc, metadata, wire, context):
        kind = "Feedback" if rpc.endswith("SendFeedback") else "SeldonMessage"
        kind = "SeldonMessageList" if rpc.endswith("Aggregate") else kind
        request = getattr(self._messages, kind).FromString(wire)
        given = {key: value for key, value in metadata if key != "user-agent" and not key.startswith("grpc-")}
        self.seen = {"rpc": rpc, "metadata": given, "body": json_format.MessageToDict(request)}
        if getattr(request, "strData", "") in ("error", "bad"):
            context.abort(grpc.StatusCode.INTERNAL, "no")
        return json_format.ParseDict(ANSWER, self._messages.SeldonMessage()).SerializeToString()


class _Rpcs(grpc.GenericRpcHandler):
    def __init__(self, recorder):
        self._recorder = recorder

    def service(self, details):
        def answer(wire, context):
            return self._recorder.answer_grpc(details.method, details.invocation_metadata, wire, context)

        return grpc.unary_unary_rpc_method_handler(answer)


UNTOLD = {"host", "user-agent", "accept-encoding", "accept", "connection", "content-length"}
"""Headers that each HTTP library has of its own."""


def _body(text):
    if not text.startswith("json="):
        return json.loads(text)
    (value,) = parse_qs(text)["json"]
    return dict(json.loads(value), sent_as="form")


def _handler(recorder):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {key.lower(): value for key, value in self.headers.items() if key.lower() not in UNTOLD}
            recorder.seen = {
                "path": self.path,
                "headers": headers,
                "body": _body(body),
            }
            text = recorder.seen["body"].get("strData")
            status, answer = {
                "error": (500, json.dumps(FAILURE)),
                "bad": (502, "<html>"),
            }.get(text, (200, json.dumps(ANSWER)))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        do_GET = do_POST

        def log_message(self, *arguments):
            pass

    return Handler


def _plain(value):
    if hasattr(value, "DESCRIPTOR"):
        return {"message": value.DESCRIPTOR.name, "content": json_format.MessageToDict(value)}
    if isinstance(value, bytes):
        return {"bytes": b64encode(value).decode()}
    return value


def _without_times(text):
    """Return the text of an RPC's error without the time and the order of its fields."""
    return text.partition("\tdebug_error_string")[0]


def run(client_module, messages, recorder, case):
    """Return what one case does: the request that arrived, and the result or the exception's class."""
    _, made_with, method, given = case
    recorder.seen = None
    transport = given.get("transport", made_with.get("transport", "rest"))
    endpoint = recorder.endpoints.get(transport, recorder.endpoints["rest"])
    try:
        client = client_module.SeldonClient(
            gateway_endpoint=endpoint, microservice_endpoint=endpoint, **made_with
        )
        arguments = dict(given)
        for key in ("prediction_request", "prediction_response", "prediction_truth"):
            if key in arguments:
                arguments[key] = json_format.ParseDict(arguments[key], messages.SeldonMessage())
        result = getattr(client, method)(**arguments)
    except Exception as error:  # noqa: BLE001 - the record has its class
        return {"raised": type(error).__name__, "seen": recorder.seen}
    if isinstance(result, dict):
        return {"returned": result, "seen": recorder.seen}
    return {
        "class": type(result).__name__,
        "success": result.success,
        "msg": _without_times(result.msg),
        "request": _plain(result.request),
        "response": _plain(result.response),
        "seen": recorder.seen,
    }
