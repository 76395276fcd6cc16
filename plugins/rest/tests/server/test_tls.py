"""The HTTP server over TLS, with authorities made for the test."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from contextlib import closing

import flask
import pytest

from seldon_runtime.plugin import StartupError
from seldon_runtime.testing import WAIT_S
from seldon_runtime.transport import tls

trustme = pytest.importorskip("trustme")
BODY = json.dumps({"strData": "s"}).encode()
JSON_TYPE = {"Content-Type": "application/json"}


class Echo:
    def predict(self, X, names):
        return X


class Files:
    """The certificate of a server and its authority."""

    def __init__(self, folder):
        self.cert, self.key, self.ca = (str(folder / name) for name in ("cert.pem", "key.pem", "ca.pem"))
        self.words = ("--http-tls-cert", self.cert, "--http-tls-key", self.key)
        self.renew()

    def renew(self):
        self.authority = trustme.CA()
        self.authority.cert_pem.write_to_path(self.ca)
        issued = self.authority.issue_cert("127.0.0.1")
        issued.private_key_pem.write_to_path(self.key)
        issued.cert_chain_pems[0].write_to_path(self.cert)

    def client(self, *, certificate=None):
        context = ssl.create_default_context(cafile=self.ca)
        if certificate is not None:
            certificate.configure_cert(context)
        return context


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def ask(server, context, times=1):
    made = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=WAIT_S, context=context)
    answers = []
    with closing(made) as connection:
        for _ in range(times):
            connection.request("POST", "/predict", BODY, JSON_TYPE)
            answers.append(json.loads(connection.getresponse().read())["strData"])
    return answers


def test_calls_are_served_over_tls(serve, files):
    server = serve(Echo(), *files.words)
    assert server.transport.address.startswith("https://")
    assert ask(server, files.client(), times=3) == ["s"] * 3


def test_flask_sees_that_the_request_came_over_tls(serve, files):
    class Asks:
        def predict(self, X, names):
            return flask.request.url

    server = serve(Asks(), *files.words)
    assert ask(server, files.client()) == [f"https://127.0.0.1:{server.port}/predict"]


def test_a_client_without_tls_is_not_served(serve, files):
    server = serve(Echo(), *files.words)
    with pytest.raises((http.client.HTTPException, OSError)):
        server.request("GET", "/health/ping")
    assert ask(server, files.client()) == ["s"]


def test_old_versions_of_tls_are_refused(serve, files):
    server = serve(Echo(), *files.words)
    context = files.client()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(OSError, match=r"(?i)ssl|tls|protocol"):
        ask(server, context)


def test_mutual_tls_serves_clients_with_a_certificate_only(serve, files):
    server = serve(Echo(), *files.words, "--http-tls-client-ca", files.ca)
    assert ask(server, files.client(certificate=files.authority.issue_cert("client"))) == ["s"]
    for stranger in (None, trustme.CA().issue_cert("client")):
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(server, files.client(certificate=stranger))


def test_a_renewed_certificate_is_served_without_a_restart(serve, files, monkeypatch):
    monkeypatch.setattr(tls, "_LOOK_S", 0.0)
    server = serve(Echo(), *files.words)
    assert ask(server, files.client()) == ["s"]
    files.renew()
    assert ask(server, files.client()) == ["s"]


def test_a_refused_request_gets_its_answer(serve, files):
    server = serve(Echo(), *files.words)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as plain,
        files.client().wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(b"GET /health/ping HTTP/1.1\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_does_not_shake_hands_holds_up_nobody(serve, files):
    server = serve(Echo(), *files.words)
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S):
        assert ask(server, files.client()) == ["s"]


def test_files_that_cannot_be_used_stop_the_start(serve, files):
    with pytest.raises(StartupError, match="--http-tls-key is missing"):
        serve(Echo(), "--http-tls-cert", files.cert)
