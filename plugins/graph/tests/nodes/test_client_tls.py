"""Nodes elsewhere behind TLS: whom this process trusts, and who it says it is."""

from __future__ import annotations

import numpy as np
import pytest

import seldon_runtime
from seldon_runtime.plugin import (
    TENSOR,
    ErrorCode,
    Message,
    Method,
    Payload,
    SeldonError,
    StartupError,
    environment_settings,
)
from seldon_runtime_graph.nodes.client_tls import ClientTls
from seldon_runtime_graph.nodes.remote import remote_node
from seldon_runtime_graph.plugin import GraphPlugin

trustme = pytest.importorskip("trustme")
BOTH = pytest.mark.parametrize("transport", ["rest", "grpc"])


class Doubles:
    def predict(self, X, names):
        return X * 2


class Files:
    """The files of an authority, and of a certificate for this machine."""

    def __init__(self, folder, host="127.0.0.1"):
        folder.mkdir()
        self.ca, self.cert, self.key = (str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem"))
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        issued = authority.issue_cert(host)
        issued.private_key_pem.write_to_path(self.key)
        issued.cert_chain_pems[0].write_to_path(self.cert)


@pytest.fixture
def files(tmp_path):
    return lambda name, host="127.0.0.1": Files(tmp_path / name, host)


@pytest.fixture
def elsewhere():
    """``elsewhere(server, clients=None)``: the addresses of a component with these certificates."""
    started = []

    def elsewhere(server, clients=None):
        words = []
        for prefix in ("--http-tls", "--grpc-tls"):
            words += [f"{prefix}-cert", server.cert, f"{prefix}-key", server.key]
            words += [] if clients is None else [f"{prefix}-client-ca", clients.ca]
        started.append(seldon_runtime.serve(Doubles(), api_type="REST,GRPC", port=0, options=words))
        return {name: at.rpartition("/")[2] for name, at in started[-1].addresses.items()}

    yield elsewhere
    for each in started:
        each.stop()


def settings_of(monkeypatch, **given):
    for name, value in given.items():
        monkeypatch.setenv(f"SELDON_GRAPH_TLS_{name.upper()}", value)
    return environment_settings(GraphPlugin().seldon_options())


@pytest.fixture
def node(monkeypatch):
    """``node(transport, address, **files)``: a node that is called over TLS."""
    made = []

    def node(transport, address, **given):
        made.append(remote_node(f"{transport}-node+tls://{address}", settings_of(monkeypatch, **given)))
        return made[-1]

    yield node
    for each in made:
        each.close()


def ask(node):
    answer = node.answer(Method.PREDICT, Message(Payload(TENSOR, np.array([[2.0]]), ["x"])))
    return answer.payload.value.tolist()


@BOTH
def test_a_node_is_called_whose_authority_is_trusted(node, elsewhere, files, transport):
    server = files("server")
    made = node(transport, elsewhere(server)[transport], ca=server.ca)
    assert ask(made) == [[4.0]]
    assert made.answer(Method.HEALTH_STATUS, None).payload.value == "healthy"


@BOTH
@pytest.mark.parametrize("fault", ["authority", "name"])
def test_a_node_that_is_not_the_one_it_says_is_not_called(node, elsewhere, files, transport, fault):
    server = files("server", "another.example" if fault == "name" else "127.0.0.1")
    trusted = files("other") if fault == "authority" else server
    made = node(transport, elsewhere(server)[transport], ca=trusted.ca)
    with pytest.raises(SeldonError, match="cannot be reached: ") as raised:
        ask(made)
    assert raised.value.code is ErrorCode.UNAVAILABLE
    if transport == "rest":
        assert "certificate verify failed" in raised.value.message


@BOTH
def test_a_certificate_is_presented_where_the_node_wants_one(node, elsewhere, files, transport):
    server, clients = files("server"), files("clients")
    addresses = elsewhere(server, clients)
    own = {"ca": server.ca, "cert": clients.cert, "key": clients.key}
    assert ask(node(transport, addresses[transport], **own)) == [[4.0]]


@BOTH
def test_a_node_that_wants_a_certificate_is_not_reached_without_one(node, elsewhere, files, transport):
    server = files("server")
    made = node(transport, elsewhere(server, files("clients"))[transport], ca=server.ca)
    with pytest.raises(SeldonError, match="cannot be reached"):
        ask(made)


def test_files_that_cannot_be_used_stop_the_start(monkeypatch, files, tmp_path):
    one, other = files("one"), files("other")
    (tmp_path / "rubbish.pem").write_text("rubbish")
    rubbish, missing = str(tmp_path / "rubbish.pem"), str(tmp_path / "missing.pem")
    for given, wanted in (
        ({"ca": missing}, r"--graph-tls-ca .*missing.pem cannot be used: .*No such file"),
        ({"ca": rubbish}, "--graph-tls-ca .* cannot be used"),
        ({"cert": one.cert}, "--graph-tls-key is missing"),
        ({"key": one.key}, "--graph-tls-cert is missing"),
        ({"cert": one.cert, "key": other.key}, "--graph-tls-cert .* cannot be used: .*(?i:mismatch)"),
    ):
        with monkeypatch.context() as patch, pytest.raises(StartupError, match=wanted) as caught:
            ClientTls.of(settings_of(patch, **given))
        assert caught.value.__cause__ is None  # a traceback would stand above the message


def test_a_graph_names_the_node_whose_files_are_wrong(serve, make, elsewhere, files):
    server = files("server")
    addresses = elsewhere(server)
    nodes = []
    for kind, address in addresses.items():
        at = {"service_host": "https://127.0.0.1", "service_port": int(address.rpartition(":")[2])}
        nodes.append(make.node(kind, endpoint={"type": kind.upper(), **at}))
    graph = make.node("c", "COMBINER", *nodes)
    classes = dict.fromkeys(addresses)
    assert serve(graph, "--graph-tls-ca", server.ca, classes=classes).predict().rows == [[4.0, 8.0]]
    with pytest.raises(StartupError, match=r"node 'rest'\): --graph-tls-ca /nowhere cannot be used"):
        serve(graph, "--graph-tls-ca", "/nowhere", classes=classes)
