"""``SeldonClient`` beyond the recorded calls: TLS, tokens, errors and arguments."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.struct_pb2 import Value

from seldon_core.client.settings import CallSettings
from seldon_core.proto import prediction_pb2 as pb
from seldon_core.proto import prediction_pb2_grpc as rpcs
from seldon_core.seldon_client import (
    SeldonCallCredentials,
    SeldonChannelCredentials,
    SeldonClient,
    SeldonClientException,
    SeldonClientPrediction,
)
from seldon_core.wrapper import get_grpc_server
from seldon_runtime.testing import WAIT_S

trustme = pytest.importorskip("trustme")

TOKEN = SeldonCallCredentials(token="secret")
NAMED: dict[str, Any] = {"deployment_name": "dep", "namespace": "ns", "timeout_s": WAIT_S}


class Echo:
    """Answers with what it receives."""

    def predict(self, X: Any, names: Any) -> Any:
        return X

    def aggregate(self, Xs: Any, names: Any) -> Any:
        return sum(Xs)


class Files:
    """The files of an authority, and of a certificate for a server and a client."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost")
        self.root, self.chain, self.key = (
            str(folder / name) for name in ("root.pem", "chain.pem", "key.pem")
        )
        authority.cert_pem.write_to_path(self.root)
        issued.private_key_pem.write_to_path(self.key)
        Path(self.chain).write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))

    def credentials(self) -> SeldonChannelCredentials:
        return SeldonChannelCredentials(
            root_certificates_file=self.root, private_key_file=self.key, certificate_chain_file=self.chain
        )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("certificates"))


class Gateway(BaseHTTPRequestHandler):
    """Answers with the token that it received."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"strData": "%s"}' % self.headers.get("X-Auth-Token", "none").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Keep quiet."""


def serve(context: ssl.SSLContext | None) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def https(files: Files) -> Iterator[str]:
    """The endpoint of a gateway that asks for a client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    context.load_verify_locations(files.root)
    context.verify_mode = ssl.CERT_OPTIONAL
    server = serve(context)
    yield f"localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """The endpoint of a gateway without TLS."""
    server = serve(None)
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class TokenServicer(rpcs.SeldonServicer):  # type: ignore[misc, name-defined]
    """Answers with the token that it received."""

    def Predict(self, request: Any, context: Any) -> Any:
        metadata = dict(context.invocation_metadata())
        return pb.SeldonMessage(strData=metadata.get("x-auth-token", "none"))


@pytest.fixture(scope="module")
def rpc_gateway(files: Files) -> Iterator[dict[str, str]]:
    """The endpoints of a gRPC gateway, with and without TLS."""
    server = grpc.server(ThreadPoolExecutor(2))
    rpcs.add_SeldonServicer_to_server(TokenServicer(), server)
    key, chain, root = (Path(file).read_bytes() for file in (files.key, files.chain, files.root))
    secure = server.add_secure_port(
        "localhost:0", grpc.ssl_server_credentials([(key, chain)], root, require_client_auth=True)
    )
    bare = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield {"tls": f"localhost:{secure}", "plain": f"127.0.0.1:{bare}"}
    server.stop(None).wait(WAIT_S)


def asked(client: SeldonClient, **given: Any) -> str:
    """The token that the gateway saw."""
    result = client.predict(str_data="x", **given)
    assert result.success, result.msg
    text: str = result.response["strData"]
    return text


def test_rest_with_a_token_uses_tls_and_verifies_the_server(https: str, files: Files) -> None:
    client = SeldonClient(gateway_endpoint=https, call_credentials=TOKEN, **NAMED)
    with pytest.raises(ConnectionError, match="certificate verify failed"):
        client.predict(str_data="x")
    client.config["channel_credentials"] = SeldonChannelCredentials(verify=False)
    assert asked(client) == "secret"
    client.config["channel_credentials"] = files.credentials()
    assert asked(client) == "secret"


def test_ssl_chooses_tls_and_its_absence(https: str, plain: str, files: Files) -> None:
    secure = SeldonClient(gateway_endpoint=https, channel_credentials=files.credentials(), ssl=True, **NAMED)
    assert asked(secure) == "none"
    assert asked(SeldonClient(gateway_endpoint=plain, call_credentials=TOKEN, ssl=False, **NAMED)) == "secret"
    assert asked(SeldonClient(gateway_endpoint=plain, **NAMED)) == "none"


def test_grpc_with_channel_credentials_uses_tls(rpc_gateway: dict[str, str], files: Files) -> None:
    client = SeldonClient(
        transport="grpc",
        gateway_endpoint=rpc_gateway["tls"],
        channel_credentials=files.credentials(),
        **NAMED,
    )
    assert asked(client) == "none"
    client.config["call_credentials"] = TOKEN
    assert asked(client) == "secret"


def test_grpc_sends_no_token_without_tls_unless_told_to(rpc_gateway: dict[str, str]) -> None:
    client = SeldonClient(
        transport="grpc", gateway_endpoint=rpc_gateway["plain"], call_credentials=TOKEN, **NAMED
    )
    with pytest.raises(SeldonClientException, match="call_credentials need TLS"):
        client.predict(str_data="x")
    assert asked(client, ssl=False) == "secret"


def test_a_server_that_does_not_answer_is_an_error_with_its_address() -> None:
    nowhere = {"gateway_endpoint": "127.0.0.1:1", "microservice_endpoint": "127.0.0.1:1"}
    client = SeldonClient(**nowhere, **NAMED)
    with pytest.raises(ConnectionError, match=r"http://127\.0\.0\.1:1/seldon/ns/dep/api/v1\.0/predictions"):
        client.predict(str_data="x")
    with pytest.raises(ConnectionError, match=r"http://127\.0\.0\.1:1/predict does not answer"):
        client.microservice(method="predict", str_data="x")
    over_grpc = client.predict(str_data="x", transport="grpc")
    assert (over_grpc.success, over_grpc.response) == (False, None)
    assert "UNAVAILABLE" in over_grpc.msg


def test_an_answer_that_takes_too_long_ends_the_call() -> None:
    released = threading.Event()

    class Slow:
        def predict(self, X: Any, names: Any) -> Any:
            released.wait(WAIT_S)
            return X

    server = get_grpc_server(Slow())
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        client = SeldonClient(transport="grpc", microservice_endpoint=f"127.0.0.1:{port}", timeout_s=0.2)
        result = client.microservice(method="predict", str_data="x")
    finally:
        released.set()
        server.stop(None).wait(WAIT_S)
    assert not result.success
    assert "DEADLINE_EXCEEDED" in result.msg


def test_random_numbers_of_a_shape_are_sent_without_a_payload() -> None:
    server = get_grpc_server(Echo())
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    client = SeldonClient(
        transport="grpc", microservice_endpoint=f"127.0.0.1:{port}", payload_type="ndarray", timeout_s=WAIT_S
    )
    packed = AnyMessage()
    packed.Pack(Value(string_value="x"))
    try:
        one = client.microservice(method="predict", shape=(2, 3), names=["a", "b", "c"])
        many = client.microservice(method="aggregate", ndatas=3, shape=(2, 2))
        custom = client.microservice(method="predict", custom_data=packed)
        tensor = client.microservice(method="predict", data=np.array([[1.5]]), payload_type="tftensor")
    finally:
        server.stop(None).wait(WAIT_S)
    assert (one.success, list(one.request.data.names)) == (True, ["a", "b", "c"])
    assert [len(row.list_value.values) for row in one.response.data.ndarray.values] == [3, 3]
    assert (len(many.request.seldonMessages), many.success) == (3, True)
    assert custom.response.customData == packed
    assert tensor.response.data.HasField("tftensor")


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("microservice", {"method": "aggregate"}, "aggregate needs datas"),
        ("microservice", {"method": "send-feedback"}, "expected one of predict"),
        ("explain", {"transport": "grpc", "predictor": "p"}, "explain works with transport rest"),
        (
            "predict",
            {"gateway": "nowhere"},
            "gateway is 'nowhere', expected one of ambassador, istio, seldon",
        ),
        ("predict", {"data": [1]}, "data is a list, expected a numpy array"),
        ("feedback", {}, "gateway 'ambassador' needs a deployment_name"),
    ],
)
def test_calls_that_cannot_be_made_say_why(method: str, given: dict[str, Any], message: str) -> None:
    client = SeldonClient(gateway_endpoint="127.0.0.1:1", microservice_endpoint="127.0.0.1:1")
    with pytest.raises(SeldonClientException, match=message) as refusal:
        getattr(client, method)(**given)
    assert message in refusal.value.message


def test_a_result_shows_its_parts() -> None:
    shown = repr(SeldonClientPrediction({"strData": "q"}, {"strData": "a"}, False, "502:Bad Gateway"))
    assert shown.splitlines()[0] == "Success:False message:502:Bad Gateway"
    assert "'q'" in shown
    assert "'a'" in shown


def test_a_client_keeps_its_settings_and_a_call_overrides_them() -> None:
    client = SeldonClient(namespace="ns", deployment_name="dep")
    assert (client.config["namespace"], client.config["transport"]) == ("ns", "rest")
    settings = CallSettings(namespace="ns", deployment_name="dep").but(
        {"namespace": "other", "headers": None}
    )
    assert settings.path("/p") == "/seldon/other/dep/p"
    assert CallSettings(deployment_name="dep").path("/p") == "/seldon/dep/p"
