from __future__ import annotations

import json

import numpy as np
import pytest

from seldon_runtime.plugin import SeldonError
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_v2.mapping.tensors import OutputTensor
from seldon_runtime_v2.rest.request_body import HEADER
from seldon_runtime_v2.rest.response_body import document, write
from seldon_runtime_v2.tensors.datatypes import BYTES, datatype_of


def output(array, name="y", **parameters):
    datatype = datatype_of(array)
    assert datatype is not None
    return OutputTensor(name, datatype, array, parameters)


def texts(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return OutputTensor("t", BYTES, array)


def written(*outputs, policy=NonFinite.NULL):
    return json.loads(write({"model_name": "m"}, outputs, None, policy).body)["outputs"]


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, 2]], np.float32),
        np.array([1, 0.5], np.float16),
        np.array([2**64 - 1], np.uint64),
        np.array([True]),
        np.array(5.0),
        np.zeros((2, 0)),
        np.arange(6).reshape(2, 3).T,
        np.arange(6)[::2],
    ],
)
def test_data_are_flat_row_by_row(array):
    (found,) = written(output(array))
    assert found["shape"] == list(array.shape)
    assert found["data"] == array.reshape(-1).tolist()
    assert "parameters" not in found


def test_parameters_of_an_output_are_written():
    (found,) = written(output(np.ones(1), names="a"))
    assert found["parameters"] == {"names": "a"}


def test_nan_is_null_and_infinities_are_refused():
    assert written(output(np.array([np.nan, 1])))[0]["data"] == [None, 1]
    assert written(texts(b"null"))[0]["data"] == ["null"]
    with pytest.raises(SeldonError, match=r"the output 'y' has infinities.*binary_data"):
        written(output(np.array([1, np.inf])))


def test_other_policies_of_nan():
    found = written(output(np.array([np.nan, -np.inf])), policy=NonFinite.STRING)
    assert found[0]["data"] == ["NaN", "-Infinity"]
    with pytest.raises(SeldonError, match="the output 'y': nan is not a valid JSON number"):
        written(output(np.array([np.nan])), policy=NonFinite.ERROR)


def test_bytes_that_are_not_text_are_refused():
    assert written(texts("\u00e9".encode()))[0]["data"] == ["\u00e9"]
    with pytest.raises(SeldonError, match="not UTF-8, which JSON cannot hold: ask for it by infer with"):
        written(texts(b"\xff"))


def test_binary_data_follow_the_json():
    outputs = [
        output(np.array([1, 2], np.int8), "a"),
        output(np.ones(1), "b"),
        texts(b"\xff"),
        output(np.empty(0), "e"),
    ]
    response = write({}, outputs, lambda name: name != "b", NonFinite.NULL)
    length = int(dict(response.headers)[HEADER])
    found = json.loads(response.body[:length])["outputs"]
    assert response.content_type == "application/octet-stream"
    assert response.body[length:] == b"\1\2\1\0\0\0\xff"
    assert [each.get("parameters", {}).get("binary_data_size") for each in found] == [2, None, 5, 0]
    assert ["data" in each for each in found] == [False, True, False, False]


def test_an_infinity_in_binary_data_does_no_harm_beside_null():
    outputs = [output(np.array([np.inf]), "a"), output(np.array([np.nan]), "b")]
    assert write({}, outputs, lambda name: name == "a", NonFinite.NULL).status == 200


def test_a_document_has_a_status():
    assert (document({"a": 1}).body, document({}, 503).status) == (b'{"a":1}', 503)
