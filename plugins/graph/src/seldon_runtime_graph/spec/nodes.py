"""The nodes of a graph in the file."""

from __future__ import annotations

import json
import re
from collections import Counter
from ipaddress import ip_address
from typing import Any

from seldon_runtime.plugin import StartupError, parse_parameters
from seldon_runtime_graph.spec.members import Members
from seldon_runtime_graph.spec.model import Endpoint, Node

TYPES = ("MODEL", "ROUTER", "TRANSFORMER", "COMBINER", "OUTPUT_TRANSFORMER")
METHODS = ("TRANSFORM_INPUT", "TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK")
RANDOM_ABTEST = "RANDOM_ABTEST"
AVERAGE_COMBINER = "AVERAGE_COMBINER"
SIMPLE_MODEL = "SIMPLE_MODEL"
SIMPLE_ROUTER = "SIMPLE_ROUTER"
BUILT_IN = (RANDOM_ABTEST, AVERAGE_COMBINER, SIMPLE_MODEL, SIMPLE_ROUTER)
MODEL_SERVERS = (
    "SKLEARN_SERVER",
    "XGBOOST_SERVER",
    "LIGHTGBM_SERVER",
    "MLFLOW_SERVER",
    "TENSORFLOW_SERVER",
    "TRITON_SERVER",
    "HUGGINGFACE_SERVER",
    "TEMPO_SERVER",
)
_MEMBERS = frozenset(
    [
        "name",
        "children",
        "type",
        "implementation",
        "methods",
        "endpoint",
        "parameters",
        "modelUri",
        "serviceAccountName",
        "envSecretRefName",
        "storageInitializerImage",
        "logger",
    ]
)
_SETTING = "PREDICTIVE_UNIT_PARAMETERS"
_MOST_DEPTH = 250
_MOST_NODES = 2000
_HOST = re.compile(r"[\w.-]+")
_LAST_PORT = 65535
_IPV6 = 6


def graph_of(predictor: Members, warnings: list[str]) -> Node:
    """Return the graph of a predictor.

    Args:
        predictor: the predictor in the file.
        warnings: receives the members that are passed over, and matter in a cluster.

    Raises:
        StartupError: a member is unknown, missing, or has a wrong value.
    """
    if predictor.value("graph") is None:
        predictor.refuse("has no graph")
    given = predictor.value("graph")
    root = _node(Members(given, f"{predictor.path}.graph"), warnings, 1)
    names = Counter(node.name for node in root.walk())
    name, count = names.most_common(1)[0]
    if count > 1:
        predictor.refuse(
            f"has {count} nodes of the name {name!r}, expected one: routing goes by names", "graph"
        )
    if len(names) > _MOST_NODES:
        predictor.refuse(f"has {len(names)} nodes, at most {_MOST_NODES} are accepted", "graph")
    return root


def _node(members: Members, warnings: list[str], depth: int) -> Node:
    name = members.required("name")
    members.about = f"node {name!r}"
    if depth > _MOST_DEPTH:
        members.refuse(f"is more than {_MOST_DEPTH} nodes deep")
    members.allow(_MEMBERS)
    kind = _one_of(members, "type", (*TYPES, "UNKNOWN_TYPE"))
    implementation = members.text("implementation")
    if implementation == "UNKNOWN_IMPLEMENTATION":
        implementation = None
    methods = _methods(members)
    if kind == "UNKNOWN_TYPE":
        if implementation is None and methods is None:
            members.refuse("has the type UNKNOWN_TYPE and no methods, so that nothing would call it")
        kind = None
        methods = methods or ()
    if implementation is not None and implementation not in BUILT_IN:  # as the operator makes it
        if kind not in (None, "MODEL"):
            warnings.append(
                f"{members.path}.type (node {name!r}) is {kind}, and has no effect: a model server is a MODEL"
            )
        kind = "MODEL"
    for key in ("logger", "envSecretRefName"):
        if members.value(key):
            warnings.append(f"{members.path}.{key} (node {name!r}) has no effect in one process")
    children = [
        _node(Members(child, f"{members.path}.children[{index}]"), warnings, depth + 1)
        for index, child in enumerate(members.list("children"))
    ]
    node = Node(
        name,
        members.path,
        kind,
        methods,
        implementation,
        _parameters(members),
        tuple(children),
        _endpoint(members),
        members.text("modelUri"),
    )
    _check_built_in(node, members)
    return node


def _one_of(members: Members, key: str, known: tuple[str, ...]) -> str | None:
    value = members.text(key)
    if value is not None and value not in known:
        members.refuse(f"is {value!r:.80}, expected one of {', '.join(known)}", key)
    return value


def _methods(members: Members) -> tuple[str, ...] | None:
    if members.value("methods") is None:
        return None
    methods = members.list("methods")
    for method in methods:
        if method not in METHODS:
            members.refuse(f"has {method!r:.80}, expected some of {', '.join(METHODS)}", "methods")
    return tuple(methods)


def _parameters(members: Members) -> dict[str, Any]:
    entries = members.list("parameters")
    try:
        return parse_parameters(json.dumps(entries, default=str)) if entries else {}
    except StartupError as error:
        reason = str(error).removeprefix(f"{_SETTING}: ").replace(_SETTING, "parameters")
        members.refuse(f"cannot be read: {reason}", "parameters")


def _endpoint(members: Members) -> Endpoint | None:
    endpoint = members.object("endpoint")
    host = endpoint.text("service_host")
    kind = endpoint.text("type") or "REST"
    ports = ("grpcPort", "service_port") if kind == "GRPC" else ("httpPort", "service_port")
    port = next((found for key in ports if (found := endpoint.whole(key))), None)
    if host is None or port is None:
        return None
    if kind not in ("REST", "GRPC"):
        endpoint.refuse(f"is {kind!r:.80}, expected REST or GRPC", "type")
    scheme, separator, name = host.rpartition("://")
    if separator and (scheme != "https" or not name):
        endpoint.refuse(f"is {host!r:.80}, expected a host, or https://HOST for TLS", "service_host")
    if not _is_host(name):
        endpoint.refuse(f"is {host!r:.80}, expected the name or the IP address of a host", "service_host")
    if not 0 < port <= _LAST_PORT:
        endpoint.refuse(f"has the port {port:.40g}, expected 1 to {_LAST_PORT}")
    return Endpoint(name, port, kind, tls=bool(separator))


def _is_host(name: str) -> bool:
    if _HOST.fullmatch(name):
        return True
    try:
        return ip_address(name).version == _IPV6
    except ValueError:
        return False


def _check_built_in(node: Node, members: Members) -> None:
    if node.implementation != RANDOM_ABTEST:
        return
    if len(node.children) != 2:
        members.refuse(f"has {len(node.children)} children, expected 2: {RANDOM_ABTEST} splits between two")
    ratio = node.parameters.get("ratioA", 0.5)
    try:
        is_valid = not isinstance(ratio, bool) and 0 <= float(ratio) <= 1
    except (TypeError, ValueError, OverflowError):
        is_valid = False
    if not is_valid:
        members.refuse(f"has ratioA {ratio!r:.80}, expected a number from 0 to 1", "parameters")
