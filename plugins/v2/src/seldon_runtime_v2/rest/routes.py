"""The paths of V2 over HTTP.

Source: Open Inference Protocol, inference_rest.md, table of endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from seldon_runtime.plugin import Call, SeldonError, Service
from seldon_runtime_rest.extension import HttpErrors, HttpRequest, HttpResponse, HttpRoute
from seldon_runtime_v2 import server
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.codec import InferCodec
from seldon_runtime_v2.rest.documentation import Operations
from seldon_runtime_v2.rest.errors import error_response
from seldon_runtime_v2.rest.generate import GenerateCodec, GenerateEvents
from seldon_runtime_v2.rest.heads import Heads
from seldon_runtime_v2.rest.management import Management
from seldon_runtime_v2.rest.request_body import HEADER
from seldon_runtime_v2.rest.response_body import document
from seldon_runtime_v2.statistics import Statistics

_HEADER = HEADER.lower().encode("ascii")
_MOST_DIGITS = 20
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._~-]+")
"""Names that paths hold as they are: their routes are found without a search."""
_EVENTS = GenerateEvents()
Begin = Callable[[HttpRequest], Call | HttpResponse]


class Routes:
    """The routes of one model.

    Args:
        service: answers the calls.
        model: the served model.
        statistics: counts the inferences.
        operations: describes the routes in the OpenAPI document.
    """

    def __init__(
        self,
        service: Service,
        model: ServedModel,
        statistics: Statistics,
        operations: Operations,
    ) -> None:
        self._service = service
        self._model = model
        self._limits = service.limits
        self._heads = Heads(model, service.limits)
        self._statistics = statistics
        self._management = Management(model, statistics, self._require)
        self._operations = operations

    def all(self) -> Iterator[HttpRoute | HttpErrors]:
        """Yield every route, and the form of errors below ``/v2``."""
        yield HttpErrors("/v2", error_response)
        yield self._get("/v2", self._server, "Name, version and extensions of the server")
        yield self._get("/v2/", self._server, "", in_document=False)
        yield self._get("/v2/health/live", self._live, "Check that the process is alive")
        yield self._get("/v2/health/ready", self._ready, "Check that you can send requests")
        yield self._get("/v2/models", self._models, "The names of the models")
        if self._model.name != "stats":  # whose own address that is
            yield self._get("/v2/models/stats", self._management.statistics, "Counts and times of all models")
        yield from self._repository()
        is_plain = _PLAIN_NAME.fullmatch(self._model.name) is not None
        if is_plain:
            yield from self._of_model(f"/v2/models/{self._model.name}", in_document=True)
        yield from self._of_model("/v2/models/{model}", in_document=not is_plain)
        yield from self._of_model("/v2/models/{model}/versions/{version}", in_document=False)

    def _of_model(self, base: str, *, in_document: bool) -> Iterator[HttpRoute]:
        """Yield the routes of the model at one of its addresses."""
        management = self._management
        gets: list[tuple[str, Begin, str]] = [
            ("", self._metadata, "The model and its tensors"),
            ("/ready", self._model_ready, "Check that the model is ready"),
            ("/stats", management.statistics, "Counts and times of the model"),
            ("/config", management.configuration, "The configuration of the model"),
        ]
        posts: list[tuple[str, Begin, str]] = [
            ("/infer", self._infer, "Infer"),
            ("/generate", partial(self._generate, is_event=False), "Infer by flat JSON"),
            ("/generate_stream", partial(self._generate, is_event=True), "Infer, answered as events"),
        ]
        for path, begin, summary in gets:
            yield self._get(f"{base}{path}", begin, summary, in_document=in_document)
        for path, begin, summary in posts:
            is_described = in_document and self._model.answers
            yield self._post(f"{base}{path}", begin, summary, in_document=is_described)

    def _repository(self) -> Iterator[HttpRoute]:
        one = "/v2/repository/models/{model}"
        yield self._post("/v2/repository/index", self._management.index, "The models and their states")
        yield self._post(f"{one}/load", self._management.load, "Check that a model is loaded")
        yield self._post(f"{one}/unload", self._management.unload, "Refused: the process has one model")

    def _get(self, path: str, begin: Begin, summary: str, *, in_document: bool = True) -> HttpRoute:
        return self._route("GET", path, begin, summary, in_document=in_document)

    def _post(self, path: str, begin: Begin, summary: str, *, in_document: bool = True) -> HttpRoute:
        return self._route("POST", path, begin, summary, in_document=in_document)

    def _route(self, verb: str, path: str, begin: Begin, summary: str, *, in_document: bool) -> HttpRoute:
        return HttpRoute(
            (verb,),
            path,
            begin,
            summary,
            self._operations.of(path) if in_document else None,
            reads_body=verb == "POST",
            error_response=error_response,
            in_document=in_document,
        )

    def _server(self, request: HttpRequest) -> HttpResponse:
        return document({"name": server.NAME, "version": server.VERSION, "extensions": server.EXTENSIONS})

    def _live(self, request: HttpRequest) -> HttpResponse:
        return self._health(self._service.alive)

    def _ready(self, request: HttpRequest) -> HttpResponse:
        return self._health(self._service.ready)

    def _health(self, is_well: bool) -> HttpResponse:
        state = {"live": self._service.alive, "ready": self._service.ready}
        return document(state, 200 if is_well else 503)

    def _models(self, request: HttpRequest) -> HttpResponse:
        return document({"models": [self._model.name]})

    def _metadata(self, request: HttpRequest) -> HttpResponse:
        self._require(request.path_parameters)
        return document(self._model.metadata())

    def _model_ready(self, request: HttpRequest) -> HttpResponse:
        self._require(request.path_parameters)
        self._model.require_ready()
        return document({"name": self._model.name, "ready": True})

    def _infer(self, request: HttpRequest) -> Call:
        if request.path_parameters:
            self._require(request.path_parameters)
        given = request.headers.raw.get(_HEADER)
        length = None if given is None else _length(given, len(request.body))
        codec = InferCodec(self._model, self._limits, self._heads, length)
        return self._statistics.watch(request.call(self._model.method, codec, request.body))

    def _generate(self, request: HttpRequest, *, is_event: bool) -> Call:
        self._require(request.path_parameters)
        codec = GenerateCodec(self._model, self._limits)
        call = self._statistics.watch(request.call(self._model.method, codec, request.body))
        if is_event:
            request.stream_form = _EVENTS
            call.accepts_stream = True
        return call

    def _require(self, parameters: Mapping[str, Any]) -> None:
        self._model.require(parameters.get("model", self._model.name), parameters.get("version"))


def _length(given: bytes, body_bytes: int) -> int:
    """Return the value of the header with the length of the JSON, which may be the whole body."""
    given = given.rstrip(b" \t")
    if not given.isdigit() or len(given) > _MOST_DIGITS or int(given) > body_bytes:
        raise SeldonError(
            f"the header {HEADER} is {given.decode('latin-1')!r:.40}, expected a number up to {body_bytes}, "
            "the bytes of the body"
        )
    return int(given)
