"""The command ``seldon-component manifest``: prints the objects that run a component in a cluster."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import click
import yaml

from seldon_runtime.plugin import StartupError, holds_secret, parse_parameters
from seldon_runtime_tools import inference_service, plain_kubernetes, seldon_deployment, settings_file
from seldon_runtime_tools.deployable import Deployable, Object
from seldon_runtime_tools.deployment.learning import reason_for_one_replica
from seldon_runtime_tools.deployment.names import check_secret, times

KINDS: dict[str, Callable[[Deployable], list[Object]]] = {
    "kubernetes": plain_kubernetes.objects,
    "seldon": seldon_deployment.objects,
    "kserve": inference_service.objects,
}
_PARAMETERS = "PREDICTIVE_UNIT_PARAMETERS"
_LEAST, _MOST = 2, 5
_WORKER_MEMORY = "256Mi"


@click.command("manifest", short_help="Print Kubernetes objects for a component.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--image", required=True, help="Image of the component, with tag.")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="kubernetes",
    show_default=True,
    help="Plain objects (Deployment, Service …), a SeldonDeployment, or a KServe InferenceService.",
)
@click.option("--name", help="Name of the objects.  [default: derived from MODEL_NAME]")
@click.option(
    "--setting",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a variable; overrides those of FOLDER.",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME=SECRET/KEY",
    help="Set a variable from a key of a Secret in the cluster.",
)
@click.option(
    "--child",
    "children",
    multiple=True,
    metavar="NAME=IMAGE",
    help="A child in the graph of a SeldonDeployment, such as a branch of a router; repeat it for each.",
)
@click.option(
    "--min-replicas",
    type=click.IntRange(1),
    help="Least number of pods.  [default: 2; 1 for a router that learns without state]",
)
@click.option(
    "--max-replicas",
    type=click.IntRange(1),
    help="Most pods; the autoscaler adds them above --min-replicas.  [default: 5, or --min-replicas]",
)
@click.option("--cpu", default="250m", show_default=True, help="CPU request of each pod.")
@click.option("--memory", help="Memory request and limit of each pod.  [default: 256Mi for each worker]")
@click.option(
    "--start-timeout",
    "start_s",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    help="Seconds that the component may take to load.",
)
def command(
    folder: Path,
    image: str,
    kind: str,
    name: str | None,
    given: tuple[str, ...],
    secrets: tuple[str, ...],
    children: tuple[str, ...],
    min_replicas: int | None,
    max_replicas: int | None,
    cpu: str,
    memory: str | None,
    start_s: int,
) -> None:
    """Print the objects that run the component of FOLDER in a cluster, for: kubectl apply -f -

    Settings come from FOLDER/.s2i/environment. Probes, drain delay and termination grace period follow
    from them.
    """
    settings = settings_file.read(folder)
    settings.update(settings_file.assignment(text, "--setting") for text in given)
    _refuse_secrets(settings)
    if "MODEL_NAME" not in settings:
        raise click.ClickException(
            f"MODEL_NAME is not set in {folder / settings_file.PLACE}; add it, or use --setting"
        )
    if children and kind != "seldon":
        raise click.ClickException("--child is for graphs: use it with --kind seldon")
    least, most = min_replicas or _LEAST, max_replicas or max(_MOST, min_replicas or 0)
    component = Deployable(
        name=name or object_name(settings["MODEL_NAME"]),
        image=image,
        settings=settings,
        secrets=dict(map(_secret, secrets)),
        min_replicas=least,
        max_replicas=most,
        cpu=cpu,
        memory=memory or times(_WORKER_MEMORY, _processes(settings)),
        start_s=start_s,
        children=_children(children),
    )
    if component.keeps_state:
        _refuse_replicas({"--min-replicas": min_replicas, "--max-replicas": max_replicas})
    reason = None
    if not component.keeps_state:
        reason = reason_for_one_replica(folder, settings["MODEL_NAME"], component.service_type)
    if reason is not None and min_replicas is max_replicas is None:
        component = replace(component, min_replicas=1, max_replicas=1)
        _explain(reason)
    objects = KINDS[kind](component)
    for transport in component.other_transports:
        _explain(
            f"API_TYPE names {transport}: only the ports of REST and GRPC are known here. If {transport} "
            "listens on a port, add it, its Service and probes"
        )
    click.echo(yaml.safe_dump_all(objects, sort_keys=False), nl=False)


def object_name(reference: str) -> str:
    """Return the object name for a class: ``fraud-model`` for ``pkg.FraudModel``."""
    last = re.split(r"[./:]", reference.removesuffix(".py"))[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", last).lower().replace("_", "-").strip("-")


def _children(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, separator, image = text.partition("=")
        if not (separator and name and image):
            raise click.ClickException(f"--child: {text!r} must name a container and its image: NAME=IMAGE")
        if name in found:
            raise click.ClickException(f"--child: {name} is named twice")
        found[name] = image
    return found


def _refuse_replicas(given: Mapping[str, int | None]) -> None:
    """Raise ClickException for an option that asks for several pods of a component that keeps state."""
    for option, count in given.items():
        if count is not None and count > 1:
            raise click.ClickException(
                f"{option} is {count}, but a component that keeps state (PERSISTENCE) has one pod: several "
                f"would overwrite each other's state; leave {option} out"
            )


def _processes(settings: Mapping[str, str]) -> int:
    """Return how many processes of a pod load the component at the same time.

    With MAX_REQUESTS a worker's successor loads while the worker still serves.
    """
    try:
        workers = int(_first(settings, "SELDON_WORKERS", "GUNICORN_WORKERS") or 1)
        is_replaced = int(_first(settings, "SELDON_MAX_REQUESTS", "GUNICORN_MAX_REQUESTS") or 0) > 0
    except ValueError as error:
        raise click.ClickException(f"a setting has a value that seldon-run refuses: {error}") from error
    return max(1, workers) + is_replaced


def _first(settings: Mapping[str, str], *names: str) -> str | None:
    return next((settings[name] for name in names if settings.get(name)), None)


def _explain(reason: str) -> None:
    """Say a reason in the manifest, as a comment, and to a person who pipes it on."""
    click.echo(f"# {reason}")
    if not sys.stdout.isatty():
        click.echo(f"# {reason}", err=True)


def _refuse_secrets(settings: Mapping[str, str]) -> None:
    """Raise ClickException for a setting or a parameter that is likely a secret."""
    for variable, value in settings.items():
        if variable == _PARAMETERS:
            for name, parameter in _parameters(value).items():
                if holds_secret(name, str(parameter)):
                    raise click.ClickException(
                        f"the parameter {name!r} of {_PARAMETERS} is a secret and would be readable in the "
                        f"manifest; put the whole variable into a Secret and use --secret {_PARAMETERS}=…"
                    )
        elif holds_secret(variable, value):
            raise click.ClickException(
                f"{variable} is a secret and would be readable in the manifest; use --secret"
            )


def _parameters(text: str) -> Mapping[str, object]:
    try:
        return parse_parameters(text)
    except StartupError as error:
        raise click.ClickException(str(error)) from error


def _secret(text: str) -> tuple[str, tuple[str, str]]:
    variable, place = settings_file.assignment(text, "--secret")
    secret, separator, key = place.partition("/")
    if not (secret and separator and key):
        raise click.ClickException(f"--secret: {text!r} must name a key: NAME=SECRET/KEY")
    check_secret(secret, key)
    return variable, (secret, key)
