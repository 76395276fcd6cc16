"""Hooks of the graph plugin, which MODEL_NAME with the suffix yaml, yml or json selects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from seldon_runtime.plugin import Predictor, Service, Settings, Units, hookimpl, option

if TYPE_CHECKING:
    from seldon_runtime_rest.extension import HttpRoute


class GraphPlugin:
    """The hooks of one start. The plugin manager creates an instance of it for each start."""

    @hookimpl
    def seldon_options(self) -> Sequence[click.Option]:
        """Return the options of graphs."""
        return [
            option(
                "--predictor",
                "graph_predictor",
                envvar="SELDON_GRAPH_PREDICTOR",
                help="Name of the predictor to serve; ``all`` splits the calls by their traffic, and copies "
                "them to a shadow.  [default: the only predictor, shadows aside]",
            ),
            option(
                "--component",
                "graph_components",
                multiple=True,
                envvar="SELDON_GRAPH_COMPONENTS",
                metavar="NODE=CLASS",
                help="Class of a node; may be repeated. The variable separates them by spaces.",
            ),
            option(
                "--graph-threads",
                type=click.Choice(["each", "one"]),
                default="each",
                envvar="SELDON_GRAPH_THREADS",
                help="``each``: a thread for each node. ``one``: one thread for all, for models that take "
                "microseconds.",
            ),
            option(
                "--graph-trace",
                is_flag=True,
                envvar="SELDON_GRAPH_TRACE",
                help="Answer a request with the header X-Seldon-Trace: 1 with the milliseconds of each node.",
            ),
            *_tls_options(),
        ]

    @hookimpl
    def seldon_service(self, units: Units, settings: Settings) -> Service:
        """Return the service of the graph."""
        from seldon_runtime_graph.assembly import assemble  # --help needs nothing of these

        return assemble(units, settings)

    @hookimpl
    def seldon_predictor(self, reference: str, settings: Settings) -> Predictor | None:
        """Return the predictor of a node that runs elsewhere; None for a class."""
        from seldon_runtime_graph.nodes.remote import remote_node

        return remote_node(reference, settings)

    @hookimpl(optionalhook=True)
    def seldon_http_routes(self, service: Service, settings: Settings) -> Sequence[HttpRoute]:
        """Return the routes of single nodes."""
        from seldon_runtime_graph.http_routes import routes_of
        from seldon_runtime_graph.service import GraphService

        return routes_of(service) if isinstance(service, GraphService) else []


def _tls_options() -> Sequence[click.Option]:
    helps = {
        "ca": "PEM file of the authorities of nodes elsewhere.  [default: those of the system]",
        "cert": "PEM file of the certificate chain to present to nodes elsewhere.",
        "key": "PEM file of the key of --graph-tls-cert.",
    }
    return [
        option(f"--graph-tls-{name}", envvar=f"SELDON_GRAPH_TLS_{name.upper()}", type=click.Path(), help=text)
        for name, text in helps.items()
    ]
