"""The routes, hooks and commands of the pages for plugin authors."""

from __future__ import annotations

from pathlib import Path

from tests.support.components import ECHO

EXTENSION = "seldon_runtime.extension"
TRANSPORT = "seldon_runtime.transport"


def test_routes_of_a_plugin_are_served_on_the_port_of_rest(installed) -> None:
    source = """
        class Upper:
            def predict(self, X, features_names):
                return X.upper()
    """
    words = ("Upper", "REST", "--extension", "hello", "--access-log")
    process = installed({EXTENSION: {"hello": "acme_hello"}}, *words, source=source)
    greeting = process.get("/hello/Ann")
    assert (greeting.status, greeting.text) == (200, "hello ANN\n")
    assert greeting.headers["content-type"] == "text/plain; charset=utf-8"
    assert process.get("/version").json == {"version": "1.0"}
    assert process.request("POST", "/version").status == 405
    assert {"/hello/{name}", "/version"} <= set(process.get("/seldon.json").json["paths"])
    process.wait_for_log(r"/hello/Ann 200")


def test_routes_of_a_plugin_do_no_harm_where_rest_is_not_selected(installed) -> None:
    words = ("Echo", "GRPC", "--extension", "hello")
    process = installed({EXTENSION: {"hello": "acme_hello"}}, *words, source=ECHO)
    with process.grpc_client() as client:
        assert client.predict("x") == "x"


def test_a_transport_calls_hooks_of_its_own(installed) -> None:
    source = """
        class Counting:
            calls = 0

            def predict(self, X, features_names):
                self.calls += 1
                if isinstance(X, str) or X.shape != (1, 2):
                    raise ValueError("no")
                return f"{self.calls}"
    """
    groups = {TRANSPORT: {"warmup": "acme_warmup"}, EXTENSION: {"zeros": "acme_zeros"}}
    words = ("Counting", "REST,WARMUP")
    options = {"source": source, "modules": ("acme_warmup_hooks",)}
    process = installed(groups, *words, "--extension", "zeros", **options)
    assert process.post("/predict", {"data": {"ndarray": [[1, 2]]}}).json["strData"] == "2"
    assert process.addresses["warmup"] == "this process"


def test_a_hook_of_a_transport_that_is_not_selected_is_left_alone(installed) -> None:
    words = ("Echo", "REST", "--extension", "zeros")
    process = installed({EXTENSION: {"zeros": "acme_zeros"}}, *words, source=ECHO)
    assert process.post("/predict", {"strData": "x"}).status == 200


def test_the_command_of_the_page_packs(installed, seldon_run, tmp_path: Path) -> None:
    env = {"SELDON_EXTENSIONS": "pack", "API_TYPE": "rest"}
    good = installed({EXTENSION: {"pack": "commands"}}, "pack", ".", env=env, wait=False)
    assert (good.wait(), good.log) == (0, "packing .\n")
    env["PYTHONPATH"] = str(tmp_path / "site")
    bad = seldon_run("pack", ".", "--level", "10", env=env, wait=False)
    assert (bad.wait(), bad.log) == (3, "seldon-run: --level is 10, expected 9 at most\n")
