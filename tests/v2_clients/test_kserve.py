"""KServe's two clients."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from .values import ARRAYS, as_text

kserve = pytest.importorskip("kserve", reason="kserve is not installed: tox run -e v2clients")


def _request(model: str, arrays: dict[str, Any], *, binary: bool) -> Any:
    inputs = []
    for name, array in arrays.items():
        datatype = next(each for each, like in ARRAYS.items() if like.dtype == array.dtype)
        inputs.append(kserve.InferInput(name, list(array.shape), datatype))
        inputs[-1].set_data_from_numpy(array, binary_data=binary)
    return kserve.InferRequest(model_name=model, infer_inputs=inputs, request_id="7")


class Rest:
    def __init__(self, places: dict[str, str]) -> None:
        self.url = f"http://{places['rest']}"

    def client(self) -> Any:
        return kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))

    async def infer(self, request: Any) -> Any:
        async with self.client() as client:
            return await client.infer(self.url, request, model_name=request.model_name)

    async def states(self, model: str) -> Any:
        async with self.client() as client:
            return [
                await client.is_server_live(self.url),
                await client.is_server_ready(self.url),
                await client.is_model_ready(self.url, model),
            ]


class Grpc:
    def __init__(self, places: dict[str, str]) -> None:
        self.place = places["grpc"]

    async def infer(self, request: Any) -> Any:
        async with kserve.InferenceGRPCClient(self.place) as client:
            return await client.infer(request)

    async def states(self, model: str) -> Any:
        async with kserve.InferenceGRPCClient(self.place) as client:
            return [
                await client.is_server_live(),
                await client.is_server_ready(),
                await client.is_model_ready(model),
            ]


@pytest.fixture(params=[Rest, Grpc], ids=["rest", "grpc"])
def client_of(request: pytest.FixtureRequest, places: Any) -> Any:
    return lambda model: request.param(places(model))


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "typed"])
@pytest.mark.parametrize("datatype", sorted(set(ARRAYS) - {"FP16"}))
def test_an_array_comes_back_as_it_was(client_of: Any, datatype: str, binary: bool) -> None:
    array = ARRAYS[datatype]
    answer = asyncio.run(client_of("Identity").infer(_request("Identity", {"x": array}, binary=binary)))
    returned = as_text(answer.outputs[0].as_numpy())
    assert answer.id == "7"
    np.testing.assert_array_equal(returned.astype(array.dtype), array)


def test_two_inputs(client_of: Any) -> None:
    arrays = {"b": np.ones(3, "f4"), "a": np.arange(3, dtype="f4")}
    answer = asyncio.run(client_of("AddSub").infer(_request("AddSub", arrays, binary=True)))
    assert {output.name: output.as_numpy().tolist() for output in answer.outputs} == {
        "sum": [1, 2, 3],
        "diff": [-1, 0, 1],
    }


def test_an_error_is_raised(client_of: Any) -> None:
    request = _request("other", {"x": np.ones(1, "f4")}, binary=True)
    with pytest.raises(Exception, match=r"not served here|404"):
        asyncio.run(client_of("Identity").infer(request))


def test_the_server_and_the_model_are_live_and_ready(client_of: Any) -> None:
    assert asyncio.run(client_of("Identity").states("Identity")) == [True, True, True]
