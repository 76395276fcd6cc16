from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import ARRAYS, Payload
from seldon_runtime_v2.mapping.known import only_array, request_of
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.requests import message_of
from seldon_runtime_v2.mapping.tensors import InputTensor
from seldon_runtime_v2.tensors.datatypes import DATATYPES

from ..components import Model

ARRAY = np.zeros((2, 3), np.float32)


def test_a_known_request_is_the_message_of_its_only_tensor(make_service):
    model = ServedModel(make_service(Model()), "m")
    parsed = message_of(model, [InputTensor("x", DATATYPES["FP32"], ARRAY)], {}, None)
    assert request_of("x", ARRAY) == parsed


def test_the_only_array_has_its_name_type_and_shape_as_key():
    key, array = only_array(Payload(ARRAYS, {"y": ARRAY}, []))
    assert key == ("y", np.float32, (2, 3))
    assert array is ARRAY


@pytest.mark.parametrize(
    "payload",
    [
        None,
        Payload("tensor", ARRAY),
        Payload(ARRAYS, {"y": ARRAY}, ["a", "b", "c"]),
        Payload(ARRAYS, {"y": ARRAY, "z": ARRAY}, []),
        Payload(ARRAYS, {}, []),
    ],
)
def test_other_answers_have_no_key(payload):
    assert only_array(payload) is None
