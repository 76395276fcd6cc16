"""``seldon-component test``: it tells a component that fits its contract from one that does not."""

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


def trial(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", str(folder), *arguments])


def test_requests_and_fitting_answers_pass(folder: Path, answering: Callable[..., str]) -> None:
    seen = []

    def echo(path: str, request: Any) -> Any:
        seen.append((path, request))
        return request

    done = trial(folder, "--url", answering(echo), "--requests", "4", "--rows", "2")
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
        trial(folder, "--url", url, "--seed", "7", "--requests", "2", "--tensor")
    assert seen[:2] == seen[2:]
    assert seen[0]["data"]["tensor"]["shape"] == [3, 1]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"data": {"ndarray": [[0.5], [2.0], [0.5]]}}, "row 1: t is 2.0, expected 0 to 1"),
        ({"data": {"ndarray": [[0.5]]}}, "1 rows were answered to 3"),
        ({"data": {"tensor": {"shape": [3, 2], "values": [0] * 6}}}, "does not have 1 columns"),
        ({"data": {"tensor": {"shape": [9], "values": [0]}}}, "holds no rows"),
        ({"strData": "hello"}, "holds no rows"),
        ("hello", "holds no rows"),
        (b"<html>", "is no JSON"),
    ],
)
def test_an_answer_that_does_not_fit_fails_with_what_is_wrong(
    folder: Path, answering: Callable[..., str], answer: Any, says: str
) -> None:
    done = trial(folder, "--url", answering(lambda *_: answer), "--requests", "2")
    assert done.exit_code == 1
    assert says in done.output
    assert "2 of 2 answers do not fit" in done.output


def test_a_status_that_is_an_error_fails_with_the_answer(folder: Path, answering: Callable[..., str]) -> None:
    done = trial(folder, "--url", answering(lambda *_: {"status": {"info": "no such thing"}}, status=400))
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
        done = trial(folder, "--url", url, "--service-type", kind, "--requests", "1")
        assert done.exit_code == 0, done.output
    assert paths == ["/route", "/aggregate", "/transform-input", "/transform-input"]
    done = trial(folder, "--url", url, "--path", "/transform-output", "--requests", "1")
    assert paths[-1] == "/transform-output"


def test_the_component_of_the_folder_is_served_for_the_test(folder: Path) -> None:
    folder.joinpath("Half.py").write_text(
        "class Half:\n    def predict(self, X, features_names):\n        return X / 2\n"
    )
    folder.joinpath(".s2i").mkdir()
    folder.joinpath(".s2i", "environment").write_text("# settings\n\nMODEL_NAME=Half\nAPI_TYPE=GRPC\n")
    assert trial(folder).exit_code == 0
    folder.joinpath("Half.py").write_text("raise RuntimeError('broken')\n")
    done = trial(folder)
    assert done.exit_code == 1
    assert "seldon-run ended with 3 before it was ready" in done.output


def test_a_folder_that_names_no_class_is_told_what_to_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MODEL_NAME", raising=False)
    done = trial(folder)
    assert done.exit_code == 1
    assert (
        done.output
        == f"Error: {folder}/.s2i/environment names no MODEL_NAME; set the variable, or give --url\n"
    )
    folder.joinpath("Same.py").write_text(
        "class Same:\n    def predict(self, X, features_names):\n        return X\n"
    )
    monkeypatch.setenv("MODEL_NAME", "Same")
    assert trial(folder).exit_code == 0


@pytest.mark.parametrize("line", ["MODEL_NAME", "=x", "MODEL NAME=x", "export A=b"])
def test_a_line_that_is_no_setting_is_refused_with_its_number(folder: Path, line: str) -> None:
    folder.joinpath(".s2i").mkdir()
    folder.joinpath(".s2i", "environment").write_text(f"A=b\n{line}\n")
    done = trial(folder)
    assert done.exit_code == 1
    assert "line 2" in done.output


def test_a_broken_contract_and_an_unreachable_component_are_told(folder: Path) -> None:
    done = trial(folder, "--url", "http://127.0.0.1:1")
    assert done.exit_code == 1
    assert "cannot be asked" in done.output
    done = trial(folder, "--url", "localhost:1")
    assert done.exit_code == 2
    assert "expected http://HOST:PORT" in done.output
    folder.joinpath("contract.json").write_text("{}")
    done = trial(folder)
    assert done.exit_code == 1
    assert "features is empty" in done.output
