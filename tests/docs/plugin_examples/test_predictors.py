"""The predictors, loaders and batchers of the pages for plugin authors."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from seldon_runtime import SeldonError
from seldon_runtime.plugin import StartupError
from seldon_runtime.protocols.v1.message import encode_meta
from seldon_runtime.testing import WAIT_S, Background
from tests.support.components import ECHO
from tests.support.neutral import message, predict
from tests.support.pages import PLUGINS, Page

PAGE = Page(*PLUGINS)
EXTENSION = "seldon_runtime.extension"
LOADER = "seldon_runtime.loader"


def test_a_model_without_a_class_is_selected_by_its_suffix(installed, tmp_path: Path) -> None:
    tmp_path.joinpath("prices.linear").write_text('{"weights": [2, 1], "bias": 0.5}')
    process = installed({LOADER: {"linear": "acme_linear"}}, "prices.linear", "REST,GRPC")
    request = {"data": {"ndarray": [[1, 2], [0, 0]]}, "meta": {"puid": "p"}}
    answer = process.post("/predict", request).json
    assert answer["data"] == {"names": ["score"], "ndarray": [4.5, 0.5]}
    assert answer["meta"]["puid"] == "p"
    for wrong in ({"data": {"ndarray": [[1]]}}, {"data": {"ndarray": [["x", "y"]]}}, {"strData": "x"}):
        assert process.post("/predict", wrong).status == 400
    assert process.post("/transform-input", request).status == 501
    assert process.get("/health/status").json["strData"] == "healthy"
    assert process.get("/metadata").json["platform"] == "linear"
    with process.grpc_client() as client, pytest.raises(grpc.RpcError) as caught:
        client.predict("x")
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("text", ["[]", "{", '{"weights": ["x"], "bias": 1}'])
def test_a_model_file_that_is_not_one_stops_the_start(installed, tmp_path: Path, text: str) -> None:
    tmp_path.joinpath("prices.linear").write_text(text)
    process = installed({LOADER: {"linear": "acme_linear"}}, "prices.linear", "REST", wait=False)
    assert process.wait() == 3
    assert "prices.linear is not a linear model" in process.log


def test_a_loaded_object_keeps_its_state(installed, seldon_run, tmp_path: Path) -> None:
    tmp_path.joinpath("prices.table").write_text("1.0=one\n2.0=two\n")
    words = ("prices.table", "REST", "--persistence", "file", "--persistence-folder", str(tmp_path / "state"))
    process = installed({LOADER: {"table": "acme_table"}}, *words)
    request = {"data": {"ndarray": [1.0, 3.0]}}
    answer = process.post("/predict", request).json
    assert answer["data"]["ndarray"] == ["one", "unknown"]
    assert answer["meta"]["tags"]["answered"] == 2
    assert process.stop() == 0
    again = seldon_run(*words, env={"PYTHONPATH": str(tmp_path / "site")})
    assert again.post("/predict", request).json["meta"]["tags"]["answered"] == 4


def test_a_table_that_is_not_one_stops_the_start_and_other_names_are_left_to_others(tmp_path: Path) -> None:
    module = PAGE.module("acme_table")
    assert module.seldon_load_component("MyModel", {}, {}) is None
    assert module.seldon_restore_component("MyModel", None) is None
    with pytest.raises(StartupError, match="is not a table"):
        module.seldon_load_component(str(tmp_path / "b.table"), {}, {})


class Rows:
    """Sums each row; fails at a negative number; counts the rows of its calls."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def predict(self, X, features_names):
        self.sizes.append(len(X))
        if X.dtype.kind in "if" and (X < 0).any():
            raise ValueError("negative")
        return np.char.upper(X) if X.dtype.kind == "U" else X.sum(axis=-1, keepdims=True)


def test_a_batch_gives_each_caller_what_a_call_of_its_own_would_have_given(make_service) -> None:
    stacking = PAGE.module("acme_stacking")
    requests = [
        *(message([[number, 1.0]]) for number in range(3)),
        message([[1.0, 2.0], [3.0, 4.0]]),
        message([[1.0, 2.0, 3.0]]),
        message([[1, 2]]),
        message([["a", "b"]]),
        message([5.0]),
        message([[7.0, 1.0]], puid="p", tags={"t": 1}),
        message([[-1, 1]]),
        message([[8, 1]]),
    ]
    rows, plain = Rows(), make_service(Rows())
    batched = make_service(rows)
    batched.batch(stacking.seldon_batcher({"stack_size": 32, "stack_wait_s": 0.0}))
    hold = threading.Event()
    batched.executor.submit(lambda: hold.wait(WAIT_S))
    answers = [Background(lambda r=request: batched.call(predict(r))) for request in requests]
    deadline = time.monotonic() + WAIT_S
    while batched.executor.waiting < len(requests) and time.monotonic() < deadline:
        time.sleep(0.005)
    hold.set()
    for request, answer in zip(requests, answers, strict=True):
        try:
            expected: Any = plain.call(predict(request))
        except SeldonError as error:
            expected = error
        if isinstance(expected, SeldonError):
            assert (answer.outcome.code, answer.outcome.message) == (expected.code, expected.message)
            continue
        assert encode_meta(answer.outcome.meta) == encode_meta(expected.meta)
        assert np.array_equal(answer.outcome.payload.value, expected.payload.value)
        assert answer.outcome.payload.names == expected.payload.names
    assert 5 in rows.sizes  # five rows of four callers


def test_the_batcher_of_the_page_is_taken_by_a_process(installed) -> None:
    words = ("Echo", "REST", "--extension", "stack", "--stack-size", "8")
    process = installed({EXTENSION: {"stack": "acme_stacking"}}, *words, source=ECHO)
    assert process.post("/predict", {"data": {"ndarray": [[1, 2]]}}).json["data"]["ndarray"] == [[1, 2]]
    assert process.post("/predict", {"strData": "x"}).json["strData"] == "x"
