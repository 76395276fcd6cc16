"""The assembly of a service's application: its routes, from this plugin, other plugins and Flask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seldon_runtime.plugin import Method, Service, Settings
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_rest.application import Application
from seldon_runtime_rest.compression.responses import Packing
from seldon_runtime_rest.cors import CrossOrigin
from seldon_runtime_rest.flask_bridge.routes import FlaskRoutes, WsgiApp
from seldon_runtime_rest.flask_bridge.threads import RequestThreads
from seldon_runtime_rest.flask_bridge.user_requests import provide_flask_requests
from seldon_runtime_rest.media.negotiation import Media
from seldon_runtime_rest.openapi.home_page import PATH as HOME
from seldon_runtime_rest.openapi.home_page import home_route
from seldon_runtime_rest.openapi.inferred import described_inputs
from seldon_runtime_rest.route import HttpErrors, HttpRoute, RouteTable
from seldon_runtime_rest.v1.codec import PassthroughCodec, RestCodec
from seldon_runtime_rest.v1.cross_site import CrossSiteCheck
from seldon_runtime_rest.v1.form_reading import ReadInline, ReadInThreads
from seldon_runtime_rest.v1.json_text import dumper
from seldon_runtime_rest.v1.routes import (
    Codecs,
    ReadForm,
    call_routes,
    describe,
    information_routes,
    openapi_routes,
    probe_routes,
)

if TYPE_CHECKING:
    from flask import Flask

OWNER = "seldon-runtime-rest"
V1 = "v1"
"""The name of the Seldon v1 protocol in SELDON_PROTOCOLS."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A route, or the form of errors, that another plugin adds."""

    owner: str
    """The plugin's name, for messages."""
    route: HttpRoute | HttpErrors


def assemble(
    service: Service, settings: Settings, threads: RequestThreads, contributed: Sequence[Contribution] = ()
) -> Application:
    """Return the application of a service: v1's routes, the documentation, and other plugins' routes.

    Args:
        service: answers the calls.
        settings: the settings of the REST plugin.
        threads: the threads that read forms, unpack bodies and run Flask.
        contributed: the routes of other plugins.

    Raises:
        StartupError: two routes are the same, or the component's ``model_error_handler`` is not a Flask
            blueprint.
    """
    provide_flask_requests()
    passthrough = _passthrough(settings)
    codecs, media = _codecs(service, settings, passthrough)
    origins: tuple[str, ...] = settings["cors_origins"]
    cross_site = CrossSiteCheck(origins)
    others = [each.route for each in contributed if isinstance(each.route, HttpRoute)]

    inputs = described_inputs(service)
    has_docs: bool = settings.get("docs", True)
    has_v1 = V1 in settings.protocols

    def description() -> Mapping[str, object]:
        return describe(service, others, inputs, has_v1=has_v1)

    def routes(read_form: ReadForm) -> list[HttpRoute]:
        v1 = (
            [*call_routes(codecs, read_form, cross_site, media), *information_routes(codecs)]
            if has_v1
            else []
        )
        return [*v1, *openapi_routes(description if has_docs else None)]

    inline = routes(ReadInline(service, passthrough))
    home = home_route(service, inputs, has_docs=has_docs, has_v1=has_v1)
    blueprint = getattr(service.user, "model_error_handler", None)  # part of the user's API

    def make_flask() -> WsgiApp:
        from seldon_runtime_rest.flask_bridge.app import create_app  # Flask is slow to import

        return create_app(service, inline, blueprint, home, has_docs=has_docs)

    flask = FlaskRoutes(make_flask, threads)
    if blueprint is None:
        table = RouteTable()
        calls = routes(ReadInThreads(service, threads, passthrough))
    else:  # the blueprint's error handlers receive the failures of all calls, and it may have its own routes
        flask.load()
        table = RouteTable(flask.fallback())
        calls = [flask.instead_of(route) for route in inline]
    for route in (*probe_routes(service), *calls, *(flask.docs() if has_docs else ())):
        table.add(route, OWNER)
    if blueprint is None and not any(
        "GET" in route.verbs and route.path_template == HOME for route in others
    ):
        table.add(home, OWNER)  # unless somebody has a page of their own
    for contribution in contributed:
        if isinstance(contribution.route, HttpErrors):
            table.add_errors(contribution.route)
        else:
            table.add(contribution.route, contribution.owner)
    cross_origin = CrossOrigin(origins, table.verbs) if origins else None
    scheme = "http" if settings.get("http_tls_cert") is None else "https"
    least_bytes = settings.get("http_compress_from")
    packing = Packing(least_bytes, threads.run) if least_bytes is not None else None
    return Application(service, table, threads.run, cross_origin, scheme, packing)


def flask_app(service: Service, settings: Settings) -> Flask:
    """Return v1's routes and the documentation as a Flask application."""
    from seldon_runtime_rest.flask_bridge.app import create_app  # Flask is slow to import

    provide_flask_requests()
    passthrough = _passthrough(settings)
    codecs, media = _codecs(service, settings, passthrough)
    has_docs: bool = settings.get("docs", True)
    cross_site = CrossSiteCheck(settings["cors_origins"])
    routes = [
        *probe_routes(service),
        *call_routes(codecs, ReadInline(service, passthrough), cross_site, media),
        *information_routes(codecs),
        *openapi_routes((lambda: describe(service, [], described_inputs(service))) if has_docs else None),
    ]
    handler = getattr(service.user, "model_error_handler", None)
    return create_app(service, routes, handler, has_docs=has_docs)


def _passthrough(settings: Settings) -> frozenset[Method]:
    return frozenset({Method.PREDICT}) if settings["payload_passthrough"] else frozenset()


def _codecs(service: Service, settings: Settings, passthrough: frozenset[Method]) -> tuple[Codecs, Media]:
    """Return a function from a method to its codec, and the codecs of bodies that are one value."""
    dumps = dumper(
        sort_keys=settings["json_sort_keys"],
        ascii_only=settings["json_ascii"],
        indent=settings["json_pretty"],
        non_finite=NonFinite(settings["non_finite"]),
    )
    codec = RestCodec(service.limits, dumps)
    special = {method: PassthroughCodec(service.limits, dumps) for method in passthrough}
    return lambda method: special.get(method, codec), Media(service, dumps, passthrough)
