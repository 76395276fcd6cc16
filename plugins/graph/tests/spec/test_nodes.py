"""Nodes of a graph: understood, or refused with their path and name."""

from __future__ import annotations

import pytest

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.spec.model import Endpoint
from seldon_runtime_graph.spec.predictors import read_file


@pytest.fixture
def read(file_of, make):
    """``read(graph)``: the root of the graph in a file."""
    return lambda graph: read_file(file_of(make.deployment({"graph": graph}))).predictors[0].graph


def test_nodes_are_read_with_typed_parameters(read, make):
    found = read(
        make.node("r", "ROUTER", make.node("a", None, parameters={"n": 3, "x": 0.5}), make.node("b"))
    )
    assert [node.name for node in found.walk()] == ["r", "a", "b"]
    assert found.children[0].parameters == {"n": 3, "x": 0.5}
    assert (found.type, found.children[0].type, found.children[0].methods) == ("ROUTER", None, None)


@pytest.mark.parametrize("kind", [None, "UNKNOWN_TYPE", "TRANSFORMER", "MODEL"])
@pytest.mark.parametrize("methods", [{}, {"methods": ["TRANSFORM_OUTPUT"]}])
def test_a_model_server_is_a_model_whatever_its_type_says(file_of, make, kind, methods):
    graph = make.node("a", kind, implementation="SKLEARN_SERVER", **methods)
    found = read_file(file_of(make.deployment({"graph": graph})))
    assert found.predictors[0].graph.type == "MODEL"
    assert any("has no effect: a model server is a MODEL" in each for each in found.warnings) == (
        kind == "TRANSFORMER"
    )


def test_numbers_and_booleans_of_yaml_are_parameters(file_of):
    text = (
        "kind: SeldonDeployment\nspec: {predictors: [{graph: {name: a, parameters: ["
        "{name: x, value: 0.25, type: FLOAT}, {name: t, value: true, type: BOOL}]}}]}"
    )
    assert read_file(file_of(text, "graph.yaml")).predictors[0].graph.parameters == {"x": 0.25, "t": True}


def test_endpoints_with_host_and_port_are_addresses(read, make):
    rest = make.node("a", endpoint={"type": "REST", "service_host": "h", "service_port": 1, "httpPort": 2})
    grpc = make.node("b", endpoint={"type": "GRPC", "service_host": "h", "grpcPort": 3})
    none = make.node("c", endpoint={"type": "REST", "service_port": 4})
    found = [node.endpoint for node in read(make.node("r", "ROUTER", rest, grpc, none)).children]
    assert found == [Endpoint("h", 2, "REST"), Endpoint("h", 3, "GRPC"), None]


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"name": ""}, r"predictors\[0\].graph has no name"),
        ({"name": 7}, "graph.name is 7, expected a text"),
        ({"name": "\ud800"}, r"graph.name is '\\ud800', which has a lone surrogate"),
        ({"type": "MODELL"}, r"graph.type \(node 'a'\) is 'MODELL', expected one of MODEL"),
        ({"methods": ["PREDICT"]}, "node 'a'.* 'PREDICT', expected some of TRANSFORM_INPUT"),
        ({"methods": "ROUTE"}, "expected a list"),
        ({"type": "UNKNOWN_TYPE"}, "node 'a'.*UNKNOWN_TYPE and no methods"),
        ({"children": {"name": "b"}}, r"graph.children \(node 'a'\) is an object, expected a list"),
        ({"children": [{"name": "a"}]}, "2 nodes of the name 'a'"),
        ({"kafka": {}}, "node 'a'.*unknown member 'kafka'"),
        ({"childern": []}, "unknown member 'childern'.*did you mean children"),
        ({"implementation": "RANDOM_ABTEST"}, "node 'a'.* 0 children, expected 2"),
        (
            {"parameters": [{"name": "n", "value": "x", "type": "INT"}]},
            "node 'a'.*cannot be read: parameter 'n'",
        ),
        ({"parameters": [{"name": "n"}]}, r"graph.parameters \(node 'a'\) cannot be read: parameters\[0\]"),
        (
            {"endpoint": {"service_host": "ftp://h", "service_port": 1}},
            r"endpoint.service_host \(node 'a'\) is 'ftp://h', expected a host, or https://HOST for TLS",
        ),
        ({"endpoint": {"service_host": "h", "service_port": -5}}, r"endpoint \(node 'a'\) has the port -5"),
        ({"endpoint": {"service_host": "h", "httpPort": 99999}}, "the port 99999, expected 1 to 65535"),
        *(
            ({"endpoint": {"service_host": host, "service_port": 1}}, "expected the name or the IP address")
            for host in ("127.0.0.1/x", "user@h", "127.0.0.1:80", "a b", "[::1]", "https://h/x")
        ),
        (
            {"endpoint": {"service_host": "h", "service_port": 1, "type": "HTTP3"}},
            "'HTTP3', expected REST or GRPC",
        ),
    ],
)
def test_a_wrong_node_is_refused(read, make, changes, wanted):
    with pytest.raises(StartupError, match=wanted):
        read({**make.node("a"), **changes})


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *((text, "STRING") for text in ("half", "-0.1", "nan")),
        *((text, "FLOAT") for text in ("-0.1", "1.5", "nan", "inf", "-inf")),
        (True, "BOOL"),
        (10**400, "INT"),
        ([0.5], "JSON"),
    ],
)
def test_a_ratio_must_be_a_number_from_0_to_1(read, make, value, kind):
    graph = make.node("ab", None, make.node("a"), make.node("b"), implementation="RANDOM_ABTEST")
    graph["parameters"] = [{"name": "ratioA", "value": value, "type": kind}]
    with pytest.raises(StartupError, match=r"node 'ab'.*ratioA .*, expected a number from 0 to 1"):
        read(graph)


@pytest.mark.parametrize(
    "host", ["h", "a-b.svc.cluster.local", "10.0.0.1", "::1", "xn--bcher-kva.example", "a_b"]
)
def test_names_and_addresses_are_hosts(read, make, host):
    endpoint = {"service_host": host, "service_port": 65535}
    assert read(make.node("a", endpoint=endpoint)).endpoint == Endpoint(host, 65535, "REST")


def test_the_depth_is_limited(read, make):
    graph = make.node("n0")
    for i in range(1, 251):
        graph = make.node(f"n{i}", None, graph)
    with pytest.raises(StartupError, match=r"250 nodes deep|nests more than"):
        read(graph)
