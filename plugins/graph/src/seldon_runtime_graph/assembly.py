"""The start of a graph: the file becomes a service."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from seldon_runtime.plugin import (
    ServiceType,
    Settings,
    StartupError,
    Units,
    closest,
    identity_from,
    limits_from,
)
from seldon_runtime_graph.loading import Loader
from seldon_runtime_graph.resolve import parse_references, provide_environment, resolve
from seldon_runtime_graph.service import GraphService
from seldon_runtime_graph.spec.model import Deployment, Predictor
from seldon_runtime_graph.spec.predictors import read_file

logger = logging.getLogger(__name__)

ALL = "all"


def assemble(units: Units, settings: Settings) -> GraphService:
    """Return the service of the file that MODEL_NAME names, with all nodes loaded. Blocks.

    Raises:
        StartupError: the file is refused, or a node cannot be loaded.
    """
    file = Path(settings["model_name"])
    deployment = read_file(file)
    for warning in deployment.warnings:
        logger.warning("%s: %s", file, warning)
    if deployment.log_level:
        logger.info(
            "%s sets SELDON_LOG_LEVEL %s for its orchestrator: set it for this process",
            file,
            deployment.log_level,
        )
    try:
        return _assembled(deployment, file, units, settings)
    except StartupError as error:
        raise StartupError(f"{file}: {error}") from error.__cause__


def _assembled(deployment: Deployment, file: Path, units: Units, settings: Settings) -> GraphService:
    chosen = choose(deployment, settings["graph_predictor"])
    names = {node.name: None for predictor in chosen for node in predictor.graph.walk()}
    references = parse_references(settings["graph_components"], names)
    resolved = [resolve(predictor, references, file.parent) for predictor in chosen]
    provide_environment(chosen, file.resolve().parent)
    _warn_of_model_files(chosen)
    _warn_of_settings(settings)
    identity = identity_from(settings)
    limits = limits_from(settings)
    name = identity.deployment or deployment.name
    loader = Loader(units, name, limits, shares_thread=settings["graph_threads"] == "one")
    graphs = [
        loader.load(predictor, nodes, identity.predictor_labels)
        for predictor, nodes in zip(chosen, resolved, strict=True)
    ]
    return GraphService(
        graphs,
        name,
        limits=limits,
        error_details=settings["error_details"],
        traces=settings["graph_trace"],
    )


def choose(deployment: Deployment, name: str | None, *, may_split: bool = True) -> Sequence[Predictor]:
    """Return the predictors to serve: the named one, all, or the only one without ``shadow``.

    Args:
        deployment: the deployment of the file.
        name: the name of a predictor; ``all`` for all of them.
        may_split: False to refuse ``all``.

    Raises:
        StartupError: there is no such predictor, or there are several and none is named.
    """
    predictors = deployment.predictors
    if name == ALL and may_split:
        if any(node.name == deployment.name for each in predictors for node in each.graph.walk()):
            raise StartupError(
                f"a node has the name of the deployment, {deployment.name!r}, which stands for the split of "
                "the traffic in meta.routing: rename one of them"
            )
        return predictors
    names = [each.name for each in predictors]
    if name is not None:
        found = deployment.predictor(name)
        if found is None:
            close = closest(name, names)
            hint = f". Did you mean {close[0]}?" if close else ""
            known = f"{ALL} or one of" if may_split else "one of"
            raise StartupError(f"--predictor is {name!r:.80}, expected {known} {', '.join(names)}{hint}")
        return [found]
    served = [each for each in predictors if not each.shadow]
    if len(served) > 1:
        split = f", or --predictor {ALL} to split the calls between them" if may_split else ""
        raise StartupError(
            f"the file has the predictors {', '.join(names)}: choose one with --predictor NAME{split}"
        )
    return served


def _warn_of_settings(settings: Settings) -> None:
    """Log the settings of a single component, which a graph does not have."""
    if settings["parameters"].strip() not in ("", "[]"):
        logger.warning("--parameters has no effect on a graph: its nodes have parameters of their own")
    if settings["service_type"] != ServiceType.MODEL.value:
        logger.warning("--service-type has no effect on a graph: its nodes have types of their own")


def _warn_of_model_files(chosen: Sequence[Predictor]) -> None:
    for predictor in chosen:
        for node in predictor.graph.walk():
            if node.model_uri is not None:
                logger.warning(
                    "%s.modelUri (node %r) is not downloaded: its class loads the model", node.path, node.name
                )
