"""HTTP routes, and the table in which the server looks up a request's one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from seldon_runtime.plugin import Call, Done, ErrorCode, SeldonError, StartupError
from seldon_runtime_rest.request import HttpRequest
from seldon_runtime_rest.response import HttpResponse

_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LITERAL = re.compile(r"[^{}?#\x00-\x20\x7f]*")
_VERB = re.compile(r"[A-Z]+")


@dataclass(slots=True)
class Deferred:
    """A response that another thread makes, such as an answer from a database."""

    start: Callable[[Done], None]
    """Starts the work on the event loop's thread and returns at once. It calls its argument exactly once,
    from any thread: with an :class:`HttpResponse` and None, or with None and a SeldonError."""


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """Requests of some HTTP methods to the paths that fit a template, and the function that begins them.

    ``begin`` runs on the event loop's thread, once the body is whole, and must not block. It returns a
    response, a :class:`Deferred`, or a call made by :meth:`HttpRequest.call`, and may raise SeldonError. The
    codec's ``write`` produces an :class:`HttpResponse`, or an object that its ``body`` turns into bytes of
    its ``media_type``.
    """

    verbs: tuple[str, ...]
    """Such as ``("GET", "POST")``. GET takes HEAD too, and OPTIONS is answered for every path."""
    path_template: str
    """Such as ``/hello/{name}``: a name in braces stands for one whole segment."""
    begin: Callable[[HttpRequest], Call | HttpResponse | Deferred]
    summary: str = ""
    """A few words for the documentation page."""
    operation: Mapping[str, Any] | None = None
    """Members of the route's OpenAPI operation object, which replace the generated ones."""
    reads_body: bool = True
    """Without it a request is answered as soon as its headers have come, and its body is skipped."""
    error_response: Callable[[SeldonError, HttpRequest], HttpResponse] | None = None
    """Makes the response to an error, for protocols with an error body of their own; by default v1's."""
    in_document: bool = True
    """Set False to leave the route out of the OpenAPI document, such as a second address of another route."""


@dataclass(frozen=True, slots=True)
class HttpErrors:
    """The form of errors at paths without a route, such as 404, and of requests that are not valid HTTP."""

    path_prefix: str
    """Such as ``/hello``, which stands for itself and for all paths that begin with ``/hello/``."""
    error_response: Callable[[SeldonError, HttpRequest], HttpResponse]
    """Makes the response, as :attr:`HttpRoute.error_response` does for the errors of one route."""


class RouteTable:
    """Every route of one server.

    Args:
        fallback: takes the requests that fit no route; without it they are answered 404 or 405.
    """

    def __init__(self, fallback: HttpRoute | None = None) -> None:
        self._literal: dict[str, _Path] = {}
        self._templates: list[_Path] = []
        self._fallback = fallback
        self._errors: list[HttpErrors] = []
        self.verbs: set[str] = set()
        """Every verb that some route takes."""

    def add(self, route: HttpRoute, owner: str) -> None:
        """Add a route of the plugin ``owner``.

        Raises:
            StartupError: the route is not a valid one, or its verb and path are taken.
        """
        segments = _checked(route, owner)
        path = self._path_of(route.path_template, segments)
        for verb in route.verbs:
            if verb in path.by_verb:
                raise StartupError(
                    f"{owner} adds the HTTP route {verb} {route.path_template}, which {path.owners[verb]} "
                    "has already; deselect one of the two plugins"
                )
            path.by_verb[verb] = route
            path.owners[verb] = owner
        if "GET" in route.verbs:
            path.by_verb.setdefault("HEAD", route)
            path.owners.setdefault("HEAD", owner)
        self.verbs.update(route.verbs)

    def add_errors(self, errors: HttpErrors) -> None:
        """Add the form of errors below a path; the longest prefix wins."""
        self._errors = sorted([*self._errors, errors], key=lambda each: -len(each.path_prefix))

    def errors_at(self, path: str) -> Callable[[SeldonError, HttpRequest], HttpResponse] | None:
        """Return the function that makes errors at a path without a route; None for the form of v1."""
        for errors in self._errors:
            if path == errors.path_prefix or path.startswith(f"{errors.path_prefix}/"):
                return errors.error_response
        return None

    def find(self, verb: str, path: str, raw_path: str) -> tuple[HttpRoute, Mapping[str, str]] | HttpResponse:
        """Return the route of a request and its path parameters, or the response when there is none.

        Args:
            verb: the HTTP method.
            path: percent-decoded.
            raw_path: the same, undecoded: an encoded slash does not part segments.

        Raises:
            SeldonError: NOT_FOUND; BAD_DATA with status 405 for a verb that the path does not take.
        """
        is_parted = path.count("/") > raw_path.count("/")  # by a slash that the client encoded
        found = None if is_parted else self._literal.get(path)
        segments: list[str] = []
        if found is None:
            segments = [unquote(segment) for segment in raw_path.split("/")]
            found = next((entry for entry in self._templates if entry.fits(segments)), None)
        if found is not None and (route := found.by_verb.get(verb)) is not None:
            return route, _parameters(route.path_template, segments) if segments else {}
        if self._fallback is not None:
            return self._fallback, {}
        if found is None:
            raise SeldonError(f"there is nothing at {path:.200}", code=ErrorCode.NOT_FOUND)
        allowed = ", ".join(sorted({*found.by_verb, "OPTIONS"}))
        if verb == "OPTIONS":
            return HttpResponse(200, b"", "text/plain; charset=utf-8", (("Allow", allowed),))
        raise SeldonError(
            f"{path:.200} takes {allowed}, not {verb:.20}", status_code=405, headers={"Allow": allowed}
        )

    def literal_routes(self) -> Iterable[tuple[str, str, HttpRoute]]:
        """Yield verb, path and route of every route whose path has no parameters."""
        for path, entry in self._literal.items():
            for verb, route in entry.by_verb.items():
                yield verb, path, route

    def verbs_of_paths(self) -> Mapping[str, list[str]]:
        """Return the sorted verbs of every path template, without those of the fallback."""
        verbs: dict[str, set[str]] = {}
        for path in (*self._literal.values(), *self._templates):
            for verb, route in path.by_verb.items():
                verbs.setdefault(route.path_template, set()).add(verb)
        return {template: sorted(found) for template, found in verbs.items()}

    def _path_of(self, template: str, segments: list[str]) -> _Path:
        if not any(map(_PARAMETER.fullmatch, segments)):
            return self._literal.setdefault(template, _Path(segments))
        for path in self._templates:
            if path.shape == _shape(segments):
                return path
        self._templates.append(_Path(segments))
        self._templates.sort(key=lambda path: [segment is None for segment in path.shape])
        return next(path for path in self._templates if path.shape == _shape(segments))


class _Path:
    """The routes of one path template."""

    __slots__ = ("by_verb", "owners", "shape")

    def __init__(self, segments: list[str]) -> None:
        self.shape = _shape(segments)
        self.by_verb: dict[str, HttpRoute] = {}
        self.owners: dict[str, str] = {}

    def fits(self, segments: list[str]) -> bool:
        """Return whether a path of these segments is one of this template."""
        if len(segments) != len(self.shape):
            return False
        pairs = zip(self.shape, segments, strict=True)
        return all(given != "" if literal is None else given == literal for literal, given in pairs)


def _parameters(template: str, segments: list[str]) -> Mapping[str, str]:
    named = zip(template.split("/"), segments, strict=True)
    return {wanted[1:-1]: given for wanted, given in named if _PARAMETER.fullmatch(wanted)}


def _shape(segments: list[str]) -> list[str | None]:
    return [None if _PARAMETER.fullmatch(segment) else segment for segment in segments]


def _checked(route: HttpRoute, owner: str) -> list[str]:
    """Return the segments of the route's path."""
    if not isinstance(route, HttpRoute):
        raise StartupError(
            f"{owner} returned {type(route).__name__} from seldon_http_routes, expected an HttpRoute"
        )
    verbs: object = route.verbs
    if not (verbs and isinstance(verbs, tuple | list) and all(map(_VERB.fullmatch, verbs))):
        raise StartupError(
            f"{owner} adds an HTTP route to {route.path_template!r} whose verbs are {route.verbs!r}, "
            "expected a tuple such as ('GET', 'POST')"
        )
    segments = route.path_template.split("/")
    names = [segment for segment in segments if _PARAMETER.fullmatch(segment)]
    literals = [segment for segment in segments if not _PARAMETER.fullmatch(segment)]
    if segments[0] or len(segments) < 2 or not all(map(_LITERAL.fullmatch, literals)):
        raise StartupError(
            f"{owner} adds an HTTP route to {route.path_template!r}, expected a path such as /hello/{{name}}"
        )
    if len(set(names)) < len(names):
        raise StartupError(
            f"{owner} adds an HTTP route to {route.path_template!r}, which names a segment twice"
        )
    return segments
