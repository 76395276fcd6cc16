"""TLS and mutual TLS, with authorities made for the test."""

from __future__ import annotations

import grpc
import pytest

from seldon_runtime.plugin import StartupError
from seldon_runtime.testing import WAIT_S
from seldon_runtime.transport import tls
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

from .components import Echo

trustme = pytest.importorskip("trustme")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for pem in issued.cert_chain_pems:
        pem.write_to_path(folder / "cert.pem", append=True)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    return {"grpc_tls_cert": str(folder / "cert.pem"), "grpc_tls_key": str(folder / "key.pem")}, str(
        folder / "ca.pem"
    )


def ask(served, credentials):
    with grpc.secure_channel(served.target, credentials) as channel:
        stub = channel.unary_unary("/seldon.protos.Model/Predict")
        return SeldonMessage.FromString(stub(SeldonMessage(strData="s").SerializeToString(), timeout=WAIT_S))


def test_tls_is_served(serve, files, authority):
    served = serve(Echo(), **files[0])
    assert served.transport.address.startswith("grpcs://")
    assert ask(served, grpc.ssl_channel_credentials(authority.cert_pem.bytes())).strData == "s"


def test_a_client_without_tls_is_not_served(serve, files):
    error = serve(Echo(), **files[0]).error()
    assert error.code() is grpc.StatusCode.UNAVAILABLE


def test_mutual_tls_serves_clients_with_a_certificate_only(serve, files, authority):
    served = serve(Echo(), **files[0], grpc_tls_client_ca=files[1])
    client = authority.issue_cert("client")
    chain = b"".join(pem.bytes() for pem in client.cert_chain_pems)
    root = authority.cert_pem.bytes()
    known = grpc.ssl_channel_credentials(root, client.private_key_pem.bytes(), chain)
    assert ask(served, known).strData == "s"
    stranger = trustme.CA().issue_cert("client")
    chain = b"".join(pem.bytes() for pem in stranger.cert_chain_pems)
    for refused in (
        grpc.ssl_channel_credentials(root),
        grpc.ssl_channel_credentials(root, stranger.private_key_pem.bytes(), chain),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            ask(served, refused)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"grpc_tls_key": None}, "--grpc-tls-key is missing"),
        ({"grpc_tls_cert": None}, "--grpc-tls-cert is missing"),
        (
            {"grpc_tls_cert": None, "grpc_tls_key": None, "grpc_tls_client_ca": "x"},
            "needs --grpc-tls-cert and",
        ),
        ({"grpc_tls_cert": "nowhere.pem"}, "--grpc-tls-cert nowhere.pem .* cannot be used"),
        ({"grpc_tls_client_ca": "nowhere.pem"}, "--grpc-tls-client-ca nowhere.pem cannot be used"),
    ],
)
def test_what_is_missing_for_tls_is_named(serve, files, changed, message):
    with pytest.raises(StartupError, match=message):
        serve(Echo(), **{**files[0], **changed})


def test_a_certificate_that_is_none_does_not_start(serve, files, tmp_path):
    (tmp_path / "cert.pem").write_text("nothing")
    with pytest.raises(StartupError, match=r"--grpc-tls-cert .* cannot be used"):
        serve(Echo(), **{**files[0], "grpc_tls_cert": str(tmp_path / "cert.pem")})


def test_a_renewed_certificate_is_served_without_a_restart(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(tls, "_LOOK_S", 0.0)
    first, second = trustme.CA(), trustme.CA()

    def write(authority):
        issued = authority.issue_cert("127.0.0.1")
        tmp_path.joinpath("key.pem").write_bytes(issued.private_key_pem.bytes())
        tmp_path.joinpath("cert.pem").write_bytes(issued.cert_chain_pems[0].bytes())

    write(first)
    served = serve(Echo(), grpc_tls_cert=str(tmp_path / "cert.pem"), grpc_tls_key=str(tmp_path / "key.pem"))
    assert ask(served, grpc.ssl_channel_credentials(first.cert_pem.bytes())).strData == "s"
    write(second)
    assert ask(served, grpc.ssl_channel_credentials(second.cert_pem.bytes())).strData == "s"
