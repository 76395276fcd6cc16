"""The table of routes: path templates, verbs, and what is refused at the start."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_runtime.plugin import ErrorCode, SeldonError, StartupError
from seldon_runtime_rest.extension import HttpErrors, HttpResponse, HttpRoute
from seldon_runtime_rest.route import RouteTable


def route(template: str, *verbs: str) -> HttpRoute:
    return HttpRoute(verbs or ("GET",), template, lambda request: HttpResponse(200))


def table_of(*routes: HttpRoute) -> RouteTable:
    table = RouteTable()
    for each in routes:
        table.add(each, "acme")
    return table


def find(table: RouteTable, verb: str, path: str) -> Any:
    return table.find(verb, path, path)


def test_a_literal_path_wins_over_a_template_and_a_literal_segment_over_a_name() -> None:
    literal, inner, outer = route("/a/b/c"), route("/a/{x}/c"), route("/{x}/{y}/c")
    table = table_of(outer, inner, literal)
    assert find(table, "GET", "/a/b/c") == (literal, {})
    assert find(table, "GET", "/a/x/c") == (inner, {"x": "x"})
    assert find(table, "GET", "/b/x/c") == (outer, {"x": "b", "y": "x"})


def test_a_name_stands_for_one_whole_decoded_segment() -> None:
    table = table_of(route("/hello/{name}"))
    assert table.find("GET", "/hello/a/b", "/hello/a%2Fb")[1] == {"name": "a/b"}  # type: ignore[index]
    for path in ("/hello", "/hello/", "/hello/a/", "/hello/a/b", "/hello/a%2Fb/c"):
        with pytest.raises(SeldonError) as error:
            find(table, "GET", path)
        assert error.value.code is ErrorCode.NOT_FOUND


def test_an_encoded_slash_parts_no_segments_of_a_literal_path() -> None:
    literal, template = route("/a/b/c"), route("/a/{x}/c/d")
    table = table_of(literal, template)
    assert table.find("GET", "/a/b/c", "/a/%62/c") == (literal, {})
    for raw in ("/a/b%2Fc", "/a%2fb/c"):
        with pytest.raises(SeldonError) as error:
            table.find("GET", "/a/b/c", raw)
        assert error.value.code is ErrorCode.NOT_FOUND
    assert table.find("GET", "/a/b/c/c/d", "/a/b%2Fc/c/d") == (template, {"x": "b/c"})


def test_each_verb_of_a_template_has_names_of_its_own() -> None:
    table = table_of(route("/a/{x}", "GET"), route("/a/{y}", "POST"))
    assert find(table, "GET", "/a/1")[1] == {"x": "1"}
    assert find(table, "POST", "/a/1")[1] == {"y": "1"}


def test_the_verbs_of_every_template_are_listed() -> None:
    table = table_of(route("/a/{x}", "GET"), route("/a/{y}", "POST"), route("/b", "PUT", "POST"))
    assert table.verbs_of_paths() == {"/a/{x}": ["GET", "HEAD"], "/a/{y}": ["POST"], "/b": ["POST", "PUT"]}


def test_head_is_taken_with_get_and_options_tells_what_is_allowed() -> None:
    table = table_of(route("/a", "GET", "PUT"))
    assert find(table, "HEAD", "/a") == find(table, "GET", "/a")
    answer = find(table, "OPTIONS", "/a")
    assert answer.headers == (("Allow", "GET, HEAD, OPTIONS, PUT"),)
    with pytest.raises(SeldonError) as error:
        find(table, "POST", "/a")
    assert (error.value.status_code, error.value.headers) == (405, {"Allow": "GET, HEAD, OPTIONS, PUT"})


@pytest.mark.parametrize("taken", ["/predict", "/hello/{other}"])
def test_a_route_that_is_taken_is_a_startup_error_that_names_both_plugins(taken: str) -> None:
    table = table_of(route("/predict", "GET", "POST"), route("/hello/{name}", "POST"))
    with pytest.raises(StartupError, match=r"bcme adds the HTTP route POST .*, which acme has already"):
        table.add(route(taken, "POST"), "bcme")


@pytest.mark.parametrize(
    "template", ["", "a", "a/b", "/{a}b", "/a{", "/a?b", "/a b", "/{a}/{a}", "/{}", "/{1}", "/a#b"]
)
def test_a_template_that_is_not_one_is_a_startup_error(template: str) -> None:
    with pytest.raises(StartupError, match="acme adds an HTTP route to"):
        table_of(route(template))


@pytest.mark.parametrize("verbs", [(), "GET", ("get",), ("GET,POST",), None])
def test_verbs_that_are_none_are_a_startup_error(verbs: Any) -> None:
    with pytest.raises(StartupError, match="verbs"):
        table_of(HttpRoute(verbs, "/a", lambda request: HttpResponse(200)))


def test_another_object_than_a_route_is_a_startup_error() -> None:
    with pytest.raises(
        StartupError, match="acme returned str from seldon_http_routes, expected an HttpRoute"
    ):
        table_of("/hello")  # type: ignore[arg-type]


class TestServed:
    """By a real server."""

    def test_a_body_is_limited_and_its_client_served_on(self, serve_routes: Any) -> None:
        server = serve_routes(
            HttpRoute(("POST",), "/echo", lambda request: HttpResponse(200, request.body)), max_body_bytes=9
        )
        connection = server.connect()
        for body, status in ((b"x" * 9, 200), (b"x" * 10, 413), (b"x" * 9, 200)):
            assert server.request("POST", "/echo", body, over=connection).status == status
            assert server.request("POST", "/echo", [body], over=connection).status == status
        connection.close()

    def test_a_request_tells_everything(self, serve_routes: Any) -> None:
        seen: list[Any] = []

        def begin(request: Any) -> HttpResponse:
            seen.append(request)
            return HttpResponse(200)

        server = serve_routes(HttpRoute(("PUT",), "/a/{b}", begin))
        connection = server.connect()
        connection.putrequest("PUT", "/a/%C3%A9?c=%20")
        for value in ("one", "two"):
            connection.putheader("X-Many", value)
        connection.putheader("Content-Length", "3")
        connection.endheaders(b"abc")
        assert server.answer(connection).status == 200
        connection.close()
        (request,) = seen
        assert (request.verb, request.path, request.query) == ("PUT", "/a/é", "c=%20")
        assert (request.path_parameters, request.body) == ({"b": "é"}, b"abc")
        assert request.headers["x-many"] == "one, two"
        assert request.headers.get_all("x-many") == ["one", "two"]
        assert request.client[0] == "127.0.0.1"

    def test_a_protocol_may_have_an_error_body_of_its_own(self, serve_routes: Any) -> None:
        def fail(request: Any) -> HttpResponse:
            raise SeldonError("no", code=ErrorCode.RATE_LIMITED, headers={"Retry-After": "9"})

        def own(error: SeldonError, request: Any) -> HttpResponse:
            return HttpResponse(429, b'{"error":"%b"}' % error.message.encode())

        server = serve_routes(HttpRoute(("GET",), "/own", fail, error_response=own))
        answer = server.request("GET", "/own")
        assert (answer.status, answer.body, answer.headers["retry-after"]) == (429, b'{"error":"no"}', "9")

    def test_a_fault_of_a_route_is_a_500_and_logged_once(self, serve_routes: Any, caplog: Any) -> None:
        def fail(request: Any) -> HttpResponse:
            raise RuntimeError("broken")

        server = serve_routes(HttpRoute(("GET",), "/own", fail))
        assert server.request("GET", "/own").status == 500
        assert ["broken" in str(record.exc_info) for record in caplog.records] == [True]

    def test_other_pages_may_use_its_verbs(self, serve_routes: Any) -> None:
        server = serve_routes(
            HttpRoute(("PUT",), "/own", lambda request: HttpResponse(200)), words=("--cors-origins", "*")
        )
        answer = server.request("OPTIONS", "/own", headers={"Origin": "https://a.example"})
        assert answer.headers["access-control-allow-methods"] == "GET, POST, OPTIONS, PUT"


def test_errors_below_a_prefix_have_the_form_that_its_plugin_gives() -> None:
    def outer(error: SeldonError, request: object) -> HttpResponse:
        return HttpResponse(400)

    def inner(error: SeldonError, request: object) -> HttpResponse:
        return HttpResponse(401)

    table = table_of()
    table.add_errors(HttpErrors("/a", outer))
    table.add_errors(HttpErrors("/a/b", inner))
    assert [table.errors_at(path) for path in ("/a", "/a/", "/a/c", "/a/b", "/a/b/c")] == [
        *(outer, outer, outer, inner, inner)
    ]
    assert table.errors_at("/ab") is None
    assert table.errors_at("/") is None
