"""``seldon-component manifest``: what a cluster needs to know to run a component."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click
import yaml

from seldon_runtime_tools import inference_service, plain_kubernetes, seldon_deployment, settings_file
from seldon_runtime_tools.deployable import Deployable, Object

KINDS: dict[str, Callable[[Deployable], list[Object]]] = {
    "kubernetes": plain_kubernetes.objects,
    "seldon": seldon_deployment.objects,
    "kserve": inference_service.objects,
}
_SECRETS = ("PERSISTENCE_SECRET_KEY",)


@click.command("manifest")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--image", required=True, help="The component's image, with tag.")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="kubernetes",
    show_default=True,
    help="Deployment, Service and so on; a SeldonDeployment; or a KServe InferenceService.",
)
@click.option("--name", help="Of the objects.  [default: made of MODEL_NAME]")
@click.option(
    "--setting", "given", multiple=True, metavar="NAME=VALUE", help="A variable over those of the folder."
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="NAME=SECRET/KEY",
    help="A variable whose value is a key of a Secret in the cluster.",
)
@click.option("--min-replicas", type=click.IntRange(1), default=2, show_default=True)
@click.option(
    "--max-replicas",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Above --min-replicas: autoscaled.",
)
@click.option("--cpu", default="250m", show_default=True, help="Requested for each pod.")
@click.option("--memory", default="256Mi", show_default=True, help="Requested for each pod, and its limit.")
@click.option(
    "--start-timeout",
    "start_s",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    help="Seconds it may take to load.",
)
def command(
    folder: Path,
    image: str,
    kind: str,
    name: str | None,
    given: tuple[str, ...],
    secrets: tuple[str, ...],
    min_replicas: int,
    max_replicas: int,
    cpu: str,
    memory: str,
    start_s: int,
) -> None:
    """Print what a cluster needs to run the component of FOLDER, for: kubectl apply -f -

    The settings are those of FOLDER/.s2i/environment. Probes, drain delay and the pod's time to end fit them.
    """
    settings = settings_file.read(folder)
    settings.update(settings_file.assignment(text, "--setting") for text in given)
    for variable in _SECRETS:
        if variable in settings:
            raise click.ClickException(
                f"{variable} would stand in the manifest for all to read; use --secret"
            )
    if "MODEL_NAME" not in settings:
        raise click.ClickException(
            f"MODEL_NAME is set neither in {folder / settings_file.PLACE} nor by --setting"
        )
    component = Deployable(
        name=name or object_name(settings["MODEL_NAME"]),
        image=image,
        settings=settings,
        secrets=dict(map(_secret, secrets)),
        min_replicas=min_replicas,
        max_replicas=max_replicas,
        cpu=cpu,
        memory=memory,
        start_s=start_s,
    )
    click.echo(yaml.safe_dump_all(KINDS[kind](component), sort_keys=False), nl=False)


def object_name(reference: str) -> str:
    """What objects are called after a class: ``pkg.FraudModel`` gives ``fraud-model``."""
    last = re.split(r"[./:]", reference.removesuffix(".py"))[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", last).lower().replace("_", "-").strip("-")


def _secret(text: str) -> tuple[str, tuple[str, str]]:
    variable, place = settings_file.assignment(text, "--secret")
    secret, separator, key = place.partition("/")
    if not (secret and separator and key):
        raise click.ClickException(f"--secret: {text!r} names no key; expected NAME=SECRET/KEY")
    return variable, (secret, key)
