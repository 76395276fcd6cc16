"""Statistics, configuration and repository over HTTP.

Sources: Triton's extensions "Statistics", "Model Configuration" and "Model Repository".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from seldon_runtime.plugin import SeldonError
from seldon_runtime_rest.extension import HttpRequest, HttpResponse
from seldon_runtime_v2 import repository
from seldon_runtime_v2.configuration import configuration_of
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import Parameter
from seldon_runtime_v2.rest.response_body import document
from seldon_runtime_v2.statistics import Statistics

Require = Callable[[Mapping[str, str]], None]


class IndexRequest(msgspec.Struct):
    """The body of a request for the index."""

    ready: bool | None = False


class LoadRequest(msgspec.Struct):
    """The body of a request to load or unload."""

    parameters: dict[str, Parameter] | None = None


Body = TypeVar("Body", IndexRequest, LoadRequest)


class Management:
    """The answers about the model as a whole.

    Args:
        model: the served model.
        statistics: counts its inferences.
        require: raises SeldonError unless the path names the served model.
    """

    def __init__(self, model: ServedModel, statistics: Statistics, require: Require) -> None:
        self._model = model
        self._statistics = statistics
        self._require = require

    def statistics(self, request: HttpRequest) -> HttpResponse:
        """Return counts and times of the inferences."""
        self._require(request.path_parameters)
        return document(self._statistics.document(self._model))

    def configuration(self, request: HttpRequest) -> HttpResponse:
        """Return the configuration of the model."""
        self._require(request.path_parameters)
        return document(configuration_of(self._model))

    def index(self, request: HttpRequest) -> HttpResponse:
        """Return the models of the repository."""
        only_ready = _body(request, IndexRequest).ready or False
        return document(repository.index(self._model, only_ready=only_ready))

    def load(self, request: HttpRequest) -> HttpResponse:
        """Check that the model is loaded."""
        parameters = _body(request, LoadRequest).parameters or {}
        name = request.path_parameters["model"]
        repository.load(self._model, name, parameters)
        return document({"name": name, "load": True})

    def unload(self, request: HttpRequest) -> HttpResponse:
        """Refuse to unload the model."""
        _body(request, LoadRequest)
        repository.unload(self._model, request.path_parameters["model"])


def _body(request: HttpRequest, kind: type[Body]) -> Body:
    """Return the parsed body of a request; an empty one stands for an empty object."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SeldonError(f"the request does not fit the protocol: {error}") from error
