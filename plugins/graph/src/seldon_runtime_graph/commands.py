"""The command ``seldon-run graph``: drawings of a file, and files to begin with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import click

from seldon_runtime.plugin import StartupError, hookimpl
from seldon_runtime_graph.drawings.dot import digraph
from seldon_runtime_graph.drawings.mermaid import flowchart
from seldon_runtime_graph.drawings.svg import picture
from seldon_runtime_graph.spec.model import Predictor
from seldon_runtime_graph.spec.predictors import read_file

_TEMPLATES = files("seldon_runtime_graph") / "templates"
FORMATS: Mapping[str, Callable[[Sequence[Predictor]], str]] = {
    ".svg": lambda predictors: picture([(predictor, None) for predictor in predictors]),
    ".mmd": flowchart,
    ".dot": digraph,
    ".gv": digraph,
}
"""The drawings by the suffix of a file."""
PATTERNS = ("ab", "bandit", "ensemble", "pipeline")


@click.group("graph")
def graph() -> None:
    """Print the drawing of a graph, or write a new graph."""


@graph.command(short_help="Draw a graph.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File for the drawing: .svg, .mmd (Mermaid) or .dot (Graphviz).  [default: Mermaid to stdout]",
)
def show(file: Path, output: Path | None) -> None:
    """Write a drawing of FILE, with each of its predictors, without loading a class."""
    draw = FORMATS[".mmd"] if output is None else FORMATS.get(output.suffix.lower())
    if draw is None:
        raise StartupError(
            f"{output} does not say the format of the drawing, expected a name with {', '.join(FORMATS)}"
        )
    text = draw(read_file(file).predictors)
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StartupError(f"{output} cannot be written: {error.strerror}") from None


@graph.command(short_help="Write a new graph that runs.")
@click.argument("pattern", type=click.Choice(PATTERNS))
@click.argument("folder", type=click.Path(path_type=Path))
def new(pattern: str, folder: Path) -> None:
    """Write a graph that runs into FOLDER: an A/B test, a bandit, an ensemble or a pipeline."""
    sources = [each for each in (_TEMPLATES / pattern).iterdir() if each.is_file()]
    taken = [each.name for each in sources if (folder / each.name).exists()]
    if taken:
        raise StartupError(f"{folder} has {', '.join(sorted(taken))} already: choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for each in sources:
        (folder / each.name).write_text(each.read_text())
    click.echo(f"cd {folder} && seldon-run graph.yaml REST", file=sys.stdout)


@graph.command(short_help="Print Kubernetes objects for a graph.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--image",
    required=True,
    help="Image with the file and the classes. With --kind seldon: the image of nodes that name none.",
)
@click.option(
    "--kind",
    type=click.Choice(["kubernetes", "seldon"]),
    default="kubernetes",
    show_default=True,
    help="Plain objects for one process with all nodes, or a SeldonDeployment with an image for each.",
)
@click.option(
    "--component",
    "references",
    multiple=True,
    metavar="NODE=CLASS",
    help="Class of a node, as of seldon-run; may be repeated.",
)
@click.option("--predictor", help="Name of the predictor.  [default: the only predictor, shadows aside]")
@click.option(
    "--api-type",
    type=click.Choice(["REST", "GRPC", "REST,GRPC"], case_sensitive=False),
    default="REST",
    show_default=True,
    help="Transports of the process.",
)
def manifest(
    file: Path, image: str, kind: str, references: tuple[str, ...], predictor: str | None, api_type: str
) -> None:
    """Print the objects that run the graph of FILE in a cluster, which kubectl apply -f - takes."""
    import yaml

    from seldon_runtime_graph.assembly import choose
    from seldon_runtime_graph.manifests import fused, per_node

    deployment = read_file(file)
    if kind == "seldon":
        if predictor is not None:
            raise StartupError("--predictor is for --kind kubernetes: a SeldonDeployment has all of them")
        objects, remarks = per_node.objects_of(file, deployment, image, references)
    else:
        (chosen,) = choose(deployment, predictor, may_split=False)  # each has a Deployment of its own
        objects, remarks = fused.objects_of(file, chosen, image, references, api_type)
    for remark in remarks:
        click.echo(f"# {remark}")
    click.echo(yaml.safe_dump_all(objects, sort_keys=False), nl=False)


@hookimpl
def seldon_commands() -> Sequence[click.Command]:
    """Return the command."""
    return [graph]
