"""The deployment and its predictors in the file, checked as the operator checks them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from seldon_runtime.plugin import StartupError
from seldon_runtime_graph.spec.document import deployment_of
from seldon_runtime_graph.spec.members import Members, kind_of
from seldon_runtime_graph.spec.model import Container, Deployment, Predictor
from seldon_runtime_graph.spec.nodes import graph_of

NO_EFFECT = "seldon.io/engine-separate-pod"
_TIMEOUTS = ("seldon.io/rest-timeout", "seldon.io/grpc-timeout")
_NO_ENGINE = "seldon.io/no-engine"
_LOG_LEVEL = "SELDON_LOG_LEVEL"
_WHOLE = 100
_MILLISECONDS = re.compile(r"0*[1-9][0-9]{0,8}", re.ASCII)


def read_file(file: Path) -> Deployment:
    """Return the SeldonDeployment of a file.

    Raises:
        StartupError: the file cannot run here; the message names file, path and node.
    """
    try:
        return _deployment(deployment_of(file))
    except StartupError as error:
        raise StartupError(f"{file}: {error}") from None


def _deployment(document: Members) -> Deployment:
    warnings: list[str] = []
    spec = document.object("spec")
    protocol = spec.text("protocol") or "seldon"
    if protocol != "seldon":
        spec.refuse(
            f"is {protocol!r:.80}, expected seldon: nodes receive messages of the Seldon v1 protocol. The "
            "command serves V2 beside it without this member",
            "protocol",
        )
    if spec.text("serverType") not in (None, "rpc"):
        spec.refuse(f"is {spec.text('serverType')!r:.80}, expected rpc or nothing", "serverType")
    annotations = spec.texts("annotations")
    _timeout_s(spec, annotations)  # the message has the place of a wrong value
    found = [_predictor(each, annotations, warnings) for each in spec.objects("predictors")]
    if not found:
        spec.refuse("has no predictors, expected one at least")
    predictors = tuple(predictor for predictor, _ in found)
    _check_names(spec, predictors)
    _check_traffic(spec, predictors)
    name = document.object("metadata").text("name") or spec.text("name") or "graph"
    levels = [level for _, level in found if level]
    return Deployment(name, predictors, levels[0] if levels else None, tuple(dict.fromkeys(warnings)))


def _predictor(members: Members, shared: dict[str, str], warnings: list[str]) -> tuple[Predictor, str | None]:
    name = members.text("name") or "default"
    members.about = f"predictor {name!r}"
    annotations = {**shared, **members.texts("annotations")}
    graph = graph_of(members, warnings)
    if annotations.get(_NO_ENGINE, "").lower() == "true" and graph.children:
        members.refuse(f"has {_NO_ENGINE}, which allows one node only", "annotations")
    if NO_EFFECT in annotations:
        warnings.append(f"{members.path}: the annotation {NO_EFFECT} has no effect in one process")
    if members.value("explainer") and members.object("explainer").text("type"):
        warnings.append(f"{members.path}.explainer is not served")
    names = {node.name for node in graph.walk()}
    containers: dict[str, Container] = {}
    for container in _containers(members, warnings):
        if container.name in containers and container.name in names:
            members.refuse(f"has two containers of the name {container.name!r}", "componentSpecs")
        containers[container.name] = container
    orchestrator = members.object("svcOrchSpec")
    level = next((each.text("value") for each in orchestrator.objects("env") if _is_level(each)), None)
    predictor = Predictor(
        name,
        members.path,
        graph,
        containers,
        members.texts("labels"),
        _timeout_s(members, annotations),
        members.whole("traffic") or 0,
        members.truth("shadow"),
    )
    return predictor, level


def _is_level(variable: Members) -> bool:
    return variable.text("name") == _LOG_LEVEL


def _timeout_s(members: Members, annotations: dict[str, str]) -> float | None:
    """Return the seconds of the shortest timeout, which the annotations give in milliseconds."""
    found = []
    for key in _TIMEOUTS:
        if key not in annotations:
            continue
        text = annotations[key]
        if not _MILLISECONDS.fullmatch(text):
            members.refuse(f"has {key} {text!r:.40}, expected milliseconds such as 5000", "annotations")
        found.append(int(text) / 1000)
    return min(found, default=None)


def _containers(members: Members, warnings: list[str]) -> Iterator[Container]:
    specs = list(members.objects("componentSpecs"))
    if members.value("componentSpec") is not None:  # as in the first versions
        specs.append(members.object("componentSpec"))
    for spec in specs:
        for container in spec.object("spec").objects("containers"):
            name = container.text("name")
            if name is None:
                continue
            container.about = f"container {name!r}"
            if container.list("envFrom"):
                warnings.append(f"{container.path}.envFrom ({container.about}) has no effect in one process")
            values: dict[str, str] = {}
            unknown: list[str] = []
            for variable in container.objects("env"):
                key, value = _variable(variable)
                if value is None:
                    unknown.append(key)
                else:
                    values[key] = value
            yield Container(name, container.text("image"), values, tuple(unknown))


def _variable(members: Members) -> tuple[str, str | None]:
    """Return the name and the value of a variable; None for a value that is elsewhere."""
    key = members.required("name")
    if "=" in key or "\0" in key:
        members.refuse(f"is {key!r:.80}, which no variable can be called", "name")
    if members.value("valueFrom") is not None:
        return key, None
    value = members.value("value")
    if isinstance(value, dict | list):
        members.refuse(f"is {kind_of(value)}, expected a text", "value")
    text = "" if value is None else str(value)
    members.check(text, "value")
    if "\0" in text:
        members.refuse("has a NUL character, which no variable can have", "value")
    return key, text


def _check_names(spec: Members, predictors: tuple[Predictor, ...]) -> None:
    name, count = Counter(each.name for each in predictors).most_common(1)[0]
    if count > 1:
        spec.refuse(f"has {count} predictors of the name {name!r}, expected one", "predictors")


def _check_traffic(spec: Members, predictors: tuple[Predictor, ...]) -> None:
    shadows = [each.name for each in predictors if each.shadow]
    if len(shadows) > 1:
        spec.refuse(f"has {len(shadows)} with shadow: true, {', '.join(shadows)}, expected one", "predictors")
    served = [each for each in predictors if not each.shadow]
    if not served:
        spec.refuse("has only a shadow, expected a predictor that answers", "predictors")
    for each in predictors:
        if not 0 <= each.traffic <= _WHOLE:
            spec.refuse(f"gives {each.name!r} traffic {each.traffic}, expected 0 to 100", "predictors")
    total = sum(each.traffic for each in served)
    if len(served) > 1 and total != _WHOLE:
        shares = ", ".join(f"{each.name} {each.traffic}" for each in served)
        spec.refuse(f"has traffic {shares}, which adds up to {total}, expected 100", "predictors")
    if len(predictors) == 1 and total not in (0, _WHOLE):
        spec.refuse(f"gives the only one traffic {total}, expected 100 or none", "predictors")
