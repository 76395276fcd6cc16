"""``seldon-component test``: accepts a component that fits its contract, and refuses one that does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from seldon_runtime_tools.cli import main

CONTRACT = {"features": [{"name": "a", "range": [0, 1]}], "targets": [{"name": "t", "range": [0, 1]}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.joinpath("contract.json").write_text(json.dumps(CONTRACT))
    return tmp_path


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Starts a server that answers a status and what ``answer`` makes of path and request; gives its URL."""
    servers = []

    def start(answer: Callable[[str, Any], Any], status: int = 200) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answered = answer(self.path, request)
                body = answered if isinstance(answered, bytes) else json.dumps(answered).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def check(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", str(folder), *arguments])


def test_requests_and_fitting_answers_pass(folder: Path, answering: Callable[..., str]) -> None:
    seen = []

    def echo(path: str, request: Any) -> Any:
        seen.append((path, request))
        return request

    done = check(folder, "--url", answering(echo), "--requests", "4", "--rows", "2")
    assert done.exit_code == 0, done.output
    assert "4 requests with 2 rows each: all answers fit" in done.output
    assert [path for path, _ in seen] == ["/predict"] * 4
    assert all(request["data"]["names"] == ["a"] for _, request in seen)
    assert all(0 <= value <= 1 for _, request in seen for (value,) in request["data"]["ndarray"])
    assert len({json.dumps(request) for _, request in seen}) == 4


def test_a_seed_draws_the_same_again(folder: Path, answering: Callable[..., str]) -> None:
    seen: list[Any] = []
    url = answering(lambda path, request: seen.append(request) or request)
    for _ in range(2):
        check(folder, "--url", url, "--seed", "7", "--requests", "2", "--tensor")
    assert seen[:2] == seen[2:]
    assert seen[0]["data"]["tensor"]["shape"] == [3, 1]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"data": {"ndarray": [[0.5], [2.0], [0.5]]}}, "row 1: t is 2.0, expected 0 to 1"),
        ({"data": {"ndarray": [[0.5]]}}, "the answer to 3 rows has 1 rows"),
        ({"data": {"tensor": {"shape": [3, 2], "values": [0] * 6}}}, "must have 1 columns"),
        ({"data": {"tensor": {"shape": [9], "values": [0]}}}, "has no rows"),
        ({"strData": "hello"}, "has no rows"),
        ("hello", "has no rows"),
        (b"<html>", "must be JSON"),
    ],
)
def test_an_answer_that_does_not_fit_fails_with_what_is_wrong(
    folder: Path, answering: Callable[..., str], answer: Any, says: str
) -> None:
    done = check(folder, "--url", answering(lambda *_: answer), "--requests", "2")
    assert done.exit_code == 1
    assert says in done.output
    assert "2 of 2 answers do not fit" in done.output


def test_a_status_that_is_an_error_fails_with_the_answer(folder: Path, answering: Callable[..., str]) -> None:
    done = check(folder, "--url", answering(lambda *_: {"status": {"info": "no such thing"}}, status=400))
    assert done.exit_code == 1
    assert "status 400" in done.output
    assert "no such thing" in done.output


def test_each_service_type_is_asked_in_its_own_way(folder: Path, answering: Callable[..., str]) -> None:
    paths: list[str] = []

    def answer(path: str, request: Any) -> Any:
        paths.append(path)
        if path == "/route":
            return {"data": {"ndarray": [[1]]}}
        if path == "/aggregate":
            first, second = request["seldonMessages"]
            assert first != second
            return first
        return {**request, "meta": {"tags": {"outlierScore": [0.1, 0.2, 0.3]}}}

    url = answering(answer)
    for kind in ("ROUTER", "COMBINER", "TRANSFORMER", "OUTLIER_DETECTOR"):
        done = check(folder, "--url", url, "--service-type", kind, "--requests", "1")
        assert done.exit_code == 0, done.output
    assert paths == ["/route", "/aggregate", "/transform-input", "/transform-input"]
    done = check(folder, "--url", url, "--path", "/transform-output", "--requests", "1")
    assert paths[-1] == "/transform-output"


def test_the_component_of_the_folder_is_served_for_the_test(folder: Path) -> None:
    folder.joinpath("Half.py").write_text(
        "class Half:\n    def predict(self, X, features_names):\n        return X / 2\n"
    )
    folder.joinpath(".s2i").mkdir()
    folder.joinpath(".s2i", "environment").write_text("# settings\n\nMODEL_NAME=Half\nAPI_TYPE=GRPC\n")
    assert check(folder).exit_code == 0
    folder.joinpath("Half.py").write_text("raise RuntimeError('broken')\n")
    done = check(folder)
    assert done.exit_code == 1
    assert "seldon-run ended with status 3 before it was ready" in done.output


def test_an_error_without_model_name_says_how_to_set_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODEL_NAME", raising=False)
    done = check(folder)
    assert done.exit_code == 1
    place = f"{folder}/.s2i/environment"
    assert done.output == f"Error: MODEL_NAME is not set in {place}; add it, set the variable, or use --url\n"
    folder.joinpath("Same.py").write_text(
        "class Same:\n    def predict(self, X, features_names):\n        return X\n"
    )
    monkeypatch.setenv("MODEL_NAME", "Same")
    assert check(folder).exit_code == 0


@pytest.mark.parametrize("line", ["MODEL_NAME", "=x", "MODEL NAME=x", "export A=b"])
def test_a_line_that_is_not_a_setting_is_refused_with_its_number(folder: Path, line: str) -> None:
    folder.joinpath(".s2i").mkdir()
    folder.joinpath(".s2i", "environment").write_text(f"A=b\n{line}\n")
    done = check(folder)
    assert done.exit_code == 1
    assert "line 2" in done.output


def test_a_broken_contract_and_an_unreachable_component_are_errors(folder: Path) -> None:
    done = check(folder, "--url", "http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "cannot send a request" in done.output
    done = check(folder, "--url", "localhost:1")
    assert done.exit_code == 2
    assert "must have the form http://HOST:PORT" in done.output
    folder.joinpath("contract.json").write_text("{}")
    done = check(folder)
    assert done.exit_code == 1
    assert "features is empty" in done.output
