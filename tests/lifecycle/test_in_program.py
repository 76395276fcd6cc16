"""Serving from a program: `seldon_runtime.serve`."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import Any

import click
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

import seldon_runtime
from seldon_runtime.errors import StartupError
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage
from tests.support.grpc_client import GrpcClient
from tests.support.http_client import HttpClient

ROW = {"data": {"ndarray": [[1, 2]]}}


class Doubler:
    def __init__(self, factor: int = 2) -> None:
        self.factor = factor
        self.loaded_on = ""

    def load(self) -> None:
        self.loaded_on = threading.current_thread().name

    def predict(self, X: Any, features_names: Any) -> Any:
        assert threading.current_thread().name == self.loaded_on
        return X * self.factor


def port_of(serving: seldon_runtime.Serving, name: str) -> int:
    return int(serving.addresses[name].rpartition(":")[2])


def predicted(serving: seldon_runtime.Serving) -> Any:
    client = HttpClient(port_of(serving, "rest"))
    try:
        return client.post("/predict", ROW).json["data"]["ndarray"]
    finally:
        client.close()


@pytest.mark.parametrize("component", [Doubler, Doubler(3), lambda X: X * 4])
def test_a_class_an_object_and_a_function_are_served(component: Any) -> None:
    factor = {Doubler: 2}.get(component, getattr(component, "factor", 4))
    with seldon_runtime.serve(component, port=0) as serving:
        assert predicted(serving) == [[factor, 2 * factor]]


def scaled(X: Any, factor: int) -> Any:
    return X * factor


class Tripler:
    def run(self, X: Any) -> Any:
        return X * 3


@pytest.mark.parametrize("component", [functools.partial(scaled, factor=3), Tripler().run])
def test_functions_of_other_kinds_are_served(component: Any) -> None:
    with seldon_runtime.serve(component, port=0) as serving:
        assert predicted(serving) == [[3, 6]]


@pytest.mark.parametrize("component", [None, 5, seldon_runtime])
def test_other_objects_are_refused(component: Any) -> None:
    with pytest.raises(StartupError, match="expected a class, a function, or an object with a method"):
        seldon_runtime.serve(component, port=0)


def test_a_text_names_a_class_as_the_command_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Tripler.py").write_text("class Tripler:\n    def predict(self, X):\n        return X * 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with seldon_runtime.serve(str(tmp_path / "Tripler.py"), port=0) as serving:
        assert predicted(serving) == [[3, 6]]


def test_both_transports_serve_one_object() -> None:
    with seldon_runtime.serve(Doubler, api_type="REST,GRPC", port=0) as serving:
        assert predicted(serving) == [[2, 4]]
        client = GrpcClient(port_of(serving, "grpc"))
        answer = client.call("Seldon/Predict", ParseDict(ROW, SeldonMessage(), descriptor_pool=POOL))
        client.close()
    assert MessageToDict(answer.data.ndarray, descriptor_pool=POOL) == [[2, 4]]


def test_the_port_is_free_again_after_the_end() -> None:
    with seldon_runtime.serve(Doubler, port=0) as serving:
        port = port_of(serving, "rest")
    with seldon_runtime.serve(Doubler, port=port) as again:
        assert port_of(again, "rest") == port
    again.stop()  # idempotent


def test_wait_returns_when_another_thread_stops() -> None:
    serving = seldon_runtime.serve(Doubler, port=0)
    thread = threading.Thread(target=serving.stop)
    thread.start()
    serving.wait()
    thread.join()


def test_environment_variables_have_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELDON_HOST", "not an address")
    monkeypatch.setenv("PERSISTENCE", "nowhere")
    with seldon_runtime.serve(Doubler, port=0, options=("--queue-size", "3")) as serving:
        assert predicted(serving) == [[2, 4]]


def test_options_in_one_text_are_refused() -> None:
    with pytest.raises(TypeError, match=r"is the text '--queue-size 3', expected .*'--queue-size', '3'"):
        seldon_runtime.serve(Doubler, port=0, options="--queue-size 3")


class Broken:
    def load(self) -> None:
        raise RuntimeError("no model")


def test_a_failed_start_is_an_error_with_its_cause() -> None:
    with pytest.raises(StartupError, match="no model"):
        seldon_runtime.serve(Broken, port=0)
    with pytest.raises(StartupError, match="not installed"):
        seldon_runtime.serve(Doubler, api_type="NOWHERE", port=0)
    with pytest.raises(click.UsageError):
        seldon_runtime.serve(Doubler, port=0, options=("--unknown", "1"))
