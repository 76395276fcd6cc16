"""The class of each node: from the command, its container, or a folder beside the file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seldon_runtime.plugin import ServiceType, StartupError, closest, url_host
from seldon_runtime_graph.nodes.remote import REMOTE_THREADS, scheme_of
from seldon_runtime_graph.spec.model import Container, Node, Predictor
from seldon_runtime_graph.spec.nodes import BUILT_IN, MODEL_SERVERS, SIMPLE_MODEL

_OWN = frozenset(
    ["MODEL_NAME", "SERVICE_TYPE", "API_TYPE", "MODEL_METADATA", "PERSISTENCE", "TRACING", "METRICS"]
)
_OWN_PREFIXES = ("SELDON_", "PREDICTIVE_UNIT_", "PREDICTOR_", "GUNICORN_", "FLASK_", "JAEGER_")
"""The variables that a wrapper's image reads. They are settings of the process here, or have no effect."""
_SIMPLE_MODEL_CLASS = "seldon_runtime_graph.nodes.built_in:SimpleModel"
_STATELESS = {"persistence": "0"}
_REMOTE = {**_STATELESS, "threads": REMOTE_THREADS}
_ENVIRONMENT = Path(".s2i", "environment")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The class of a node, and its settings."""

    node: Node
    reference: str | None
    """The class, or the address of a remote node; None for a built-in node, which needs no thread."""
    image: str | None = None
    service_type: ServiceType = ServiceType.MODEL
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The arguments of the constructor."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings that differ for this node."""


def resolve(predictor: Predictor, references: Mapping[str, str], folder: Path) -> list[Resolved]:
    """Return what each node runs, the root first.

    Args:
        predictor: the predictor of the file.
        references: classes that the command names, by node.
        folder: the folder of the file.

    Raises:
        StartupError: a node has no class; the message names the ways to give it one.
    """
    return [_resolved(node, predictor, references, folder) for node in predictor.graph.walk()]


def parse_references(words: Sequence[str], nodes: Iterable[str]) -> dict[str, str]:
    """Return the classes of ``--component NODE=CLASS``, by node.

    Raises:
        StartupError: a word has another form, or no node has that name.
    """
    names = list(nodes)
    found: dict[str, str] = {}
    for word in words:
        name, separator, reference = word.partition("=")
        if not (separator and name and reference):
            raise StartupError(f"--component is {word!r:.80}, expected NODE=CLASS such as router=MyRouter")
        if name not in names:
            close = closest(name, names)
            hint = f". Did you mean {close[0]}?" if close else ""
            raise StartupError(
                f"--component names the node {name!r:.80}, expected one of {', '.join(names)[:400]}{hint}"
            )
        found[name] = reference
    return found


def _resolved(node: Node, predictor: Predictor, references: Mapping[str, str], folder: Path) -> Resolved:
    container = predictor.containers.get(node.name) or Container(node.name)
    own = references.get(node.name)
    implementation = node.implementation
    if implementation in BUILT_IN and own is None:
        is_simple = implementation == SIMPLE_MODEL
        image = container.image or implementation
        return Resolved(node, _SIMPLE_MODEL_CLASS if is_simple else None, image, settings=_STATELESS)
    env = {**_environment(folder / node.name), **container.env}
    reference = own or _container_class(node, container.env) or _class_in(folder / node.name, env)
    if reference is None and node.endpoint is not None and implementation is None:
        at = node.endpoint
        remote = f"{scheme_of(at)}{url_host(at.host)}:{at.port}"
        kind = _type_of(node, env)
        settings: dict[str, Any] = dict(_REMOTE)
        if predictor.timeout_s is not None:
            settings["timeout_s"] = predictor.timeout_s
        return Resolved(node, remote, container.image, kind, settings=settings)
    if reference is None:
        raise StartupError(_no_class(node, container, predictor.containers))
    settings = {}
    if "MODEL_METADATA" in env:
        settings["model_metadata"] = env["MODEL_METADATA"]
    if env.get("PERSISTENCE", "").strip().lower() in ("0", "false"):
        settings["persistence"] = "0"
    kind = _type_of(node, env)
    return Resolved(node, reference, container.image, kind, node.parameters, settings)


def _container_class(node: Node, env: Mapping[str, str]) -> str | None:
    """Return MODEL_NAME of the container; None for a node that an unknown implementation serves."""
    if node.implementation is not None and node.implementation not in MODEL_SERVERS:
        return None
    return env.get("MODEL_NAME") or None


def _environment(folder: Path) -> dict[str, str]:
    """Return the variables of a folder's ``.s2i/environment``."""
    try:
        lines = (folder / _ENVIRONMENT).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    except ValueError as error:  # a NUL in the name of the node, or other bytes
        raise StartupError(f"{str(folder / _ENVIRONMENT)!r:.200} cannot be read: {error}") from None
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, separator, value in pairs if separator}


def _class_in(folder: Path, env: Mapping[str, str]) -> str | None:
    """Return the class in a node's folder: MODEL_NAME, the folder's name, or its only Python file."""
    if not folder.is_dir():
        return None
    name = env.get("MODEL_NAME") or folder.name
    files = sorted(folder.glob("*.py"))
    file = next((each for each in files if each.stem == name), files[0] if len(files) == 1 else None)
    return str(file) if file is not None else None


def _type_of(node: Node, env: Mapping[str, str]) -> ServiceType:
    given = env.get("SERVICE_TYPE")
    if given is not None:
        try:
            return ServiceType(given.strip().upper())
        except ValueError:
            known = ", ".join(kind.value for kind in ServiceType)
            raise StartupError(
                f"node {node.name!r}: SERVICE_TYPE is {given!r:.80}, expected {known}"
            ) from None
    methods = node.methods or ()
    if node.type == "ROUTER" or (node.type is None and "ROUTE" in methods):
        return ServiceType.ROUTER
    if node.type == "COMBINER" or (node.type is None and "AGGREGATE" in methods):
        return ServiceType.COMBINER
    is_model = node.type == "MODEL" or (node.type is None and not methods)
    return ServiceType.MODEL if is_model else ServiceType.TRANSFORMER


def _no_class(node: Node, container: Container, containers: Iterable[str]) -> str:
    place = f"{node.path} (node {node.name!r})"
    remedy = f"name one with --component {node.name}=CLASS"
    if node.implementation in MODEL_SERVERS:
        return f"{place} is a {node.implementation}, which does not run here without a class: {remedy}"
    if node.implementation is not None:
        known = (*BUILT_IN, *MODEL_SERVERS)
        close = "".join(f". Did you mean {each}?" for each in closest(node.implementation, known))
        wrong = f"{place} has the implementation {node.implementation!r:.80}, expected {', '.join(known)}"
        return f"{wrong}{close} Or {remedy}" if close else f"{wrong}; or {remedy}"
    if container.image is None:
        there = ", ".join(containers)
        others = f" (containers: {there:.200})" if there else ""
        return (
            f"{place} has no container of its name{others}, no class and no endpoint with host and port: "
            f"{remedy}, or put it into a folder {node.name}/ beside the file"
        )
    return (
        f"{place} does not say which class its image {container.image!r:.120} has: {remedy}, set MODEL_NAME "
        f"in the env of its container, or put the class into a folder {node.name}/ beside the file"
    )


def provide_environment(predictors: Iterable[Predictor], folder: Path) -> None:
    """Set the variables of the nodes' containers in this process, and make the file's folder importable.

    Raises:
        StartupError: two containers want different values of one variable, or one is not known here.
    """
    wanted: dict[str, tuple[str, str]] = {}
    for predictor in predictors:
        names = {node.name for node in predictor.graph.walk()}
        for container in predictor.containers.values():
            if container.name not in names:
                continue
            for key, value in container.env.items():
                if key in _OWN or key.startswith(_OWN_PREFIXES):
                    continue
                before = wanted.setdefault(key, (value, container.name))
                if before[0] != value:
                    raise StartupError(
                        f"the containers {before[1]!r} and {container.name!r} want different values of the "
                        f"variable {key}, and one process has one: give the nodes parameters instead"
                    )
            for key in container.unknown_env:
                if key not in os.environ:
                    raise StartupError(
                        f"the container {container.name!r} takes the variable {key} from the cluster: set it "
                        "in the environment of the command"
                    )
    for key, (value, _) in wanted.items():
        os.environ[key] = value
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
