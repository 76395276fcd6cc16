"""Triton's four clients."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from seldon_runtime.testing import WAIT_S

from .values import ARRAYS, as_text

pytest.importorskip("tritonclient.utils")
pytest.importorskip("geventhttpclient")
pytest.importorskip("aiohttp")
KINDS = {"http": "rest", "http.aio": "rest", "grpc": "grpc", "grpc.aio": "grpc"}


class Client:
    """One of the clients, whose methods block."""

    def __init__(self, kind: str, place: str) -> None:
        self.module = importlib.import_module(f"tritonclient.{kind}")
        self.loop = asyncio.new_event_loop()
        self.client = self._run(lambda: self.module.InferenceServerClient(place))

    def __call__(self, method: str, *arguments: Any, **options: Any) -> Any:
        return self._run(lambda: getattr(self.client, method)(*arguments, **options))

    def _run(self, call: Any) -> Any:
        async def run() -> Any:
            given = call()
            return await given if inspect.isawaitable(given) else given

        return self.loop.run_until_complete(run())

    def infer(self, model: str, arrays: dict[str, Any], **options: Any) -> Any:
        inputs = []
        for name, array in arrays.items():
            datatype = next(each for each, like in ARRAYS.items() if like.dtype == array.dtype)
            inputs.append(self.module.InferInput(name, array.shape, datatype))
            inputs[-1].set_data_from_numpy(array)
        return self("infer", model, inputs, **options)

    def close(self) -> None:
        self("close")
        self.loop.close()


@pytest.fixture(params=KINDS)
def client_of(request: pytest.FixtureRequest, places: Any) -> Any:
    """``client_of(model)``: a client of a server of the model."""
    made: list[Client] = []

    def client_of(model: str) -> Client:
        made.append(Client(request.param, places(model)[KINDS[request.param]]))
        return made[-1]

    yield client_of
    for client in made:
        client.close()


@pytest.mark.parametrize("datatype", ARRAYS)
def test_an_array_comes_back_as_it_was(client_of: Any, datatype: str) -> None:
    array = ARRAYS[datatype]
    answer = client_of("Identity").infer("Identity", {"x": array}, request_id="7")
    returned = as_text(answer.as_numpy("output-0"))
    assert returned.dtype == array.dtype
    np.testing.assert_array_equal(returned, array)


@pytest.mark.parametrize("form", ["gzip", "deflate"])
@pytest.mark.parametrize("datatype", ["FP32", "BYTES"])
def test_a_compressed_request_is_read(client_of: Any, datatype: str, form: str) -> None:
    client, array = client_of("Identity"), ARRAYS[datatype]
    by_http = ("request_compression_algorithm", "response_compression_algorithm")
    names = by_http if "http" in client.module.__name__ else ("compression_algorithm",)
    answer = client.infer("Identity", {"x": array}, **dict.fromkeys(names, form))
    np.testing.assert_array_equal(as_text(answer.as_numpy("output-0")), array)


def test_two_inputs_and_requested_outputs(client_of: Any) -> None:
    client = client_of("AddSub")
    arrays = {"b": np.ones(3, "f4"), "a": np.arange(3, dtype="f4")}
    answer = client.infer("AddSub", arrays)
    assert answer.as_numpy("sum").tolist() == [1, 2, 3]
    assert answer.as_numpy("diff").tolist() == [-1, 0, 1]
    output = client.module.InferRequestedOutput("diff")
    answer = client.infer("AddSub", arrays, outputs=[output])
    assert answer.as_numpy("diff").tolist() == [-1, 0, 1]
    assert answer.as_numpy("sum") is None


def test_text_reaches_the_component_as_text(client_of: Any) -> None:
    answer = client_of("Upper").infer("Upper", {"x": np.array(["ab", "é"], object)})
    assert as_text(answer.as_numpy("output-0")).tolist() == ["AB", "É"]


def test_errors_have_a_text(client_of: Any) -> None:
    from tritonclient.utils import InferenceServerException

    for model, name, text in [("Identity", "other", "not served here"), ("Fails", "Fails", "")]:
        with pytest.raises(InferenceServerException) as caught:
            client_of(model).infer(name, {"x": np.ones(1, "f4")})
        assert text in caught.value.message()
        assert caught.value.message()


def test_the_server_and_the_model_are_live_and_described(client_of: Any) -> None:
    client = client_of("Identity")
    assert client("is_server_live")
    assert client("is_server_ready")
    assert client("is_model_ready", "Identity")
    for method, arguments in [("get_server_metadata", ()), ("get_model_metadata", ("Identity",))]:
        described = client(method, *arguments)
        assert described["name"] if isinstance(described, dict) else described.name


@pytest.mark.parametrize("kind", ["grpc", "grpc.aio"])
def test_statistics_configuration_and_index_over_grpc(kind: str, places: Any) -> None:
    client = Client(kind, places("Identity")["grpc"])
    try:
        client.infer("Identity", {"x": np.ones(1, "f4")})
        assert client("get_inference_statistics", "Identity").model_stats[0].inference_count > 0
        assert client("get_model_config", "Identity").config.backend == "python"
        assert client("get_model_repository_index").models[0].state == "READY"
        client("load_model", "Identity")
    finally:
        client.close()


def test_a_stream_of_the_grpc_client(places: Any) -> None:
    from tritonclient import grpc

    answers: SimpleQueue[Any] = SimpleQueue()
    given = grpc.InferInput("x", [2], "FP32")
    given.set_data_from_numpy(np.array([1.5, 2], "f4"))
    with grpc.InferenceServerClient(places("Identity")["grpc"]) as client:
        client.start_stream(lambda result, error: answers.put((result, error)))
        for number, model in enumerate(["Identity", "other", "Identity"]):
            client.async_stream_infer(model, [given], request_id=str(number))
        taken = [answers.get(timeout=WAIT_S) for _ in range(3)]
        client.stop_stream()
    assert [error is not None for _, error in taken] == [False, True, False]
    for place in (0, 2):
        result = taken[place][0]
        assert result.as_numpy("output-0").tolist() == [1.5, 2]
        assert result.get_response().id == str(place)
        assert result.get_response().parameters["triton_final_response"].bool_param
