"""A ``tftensor`` keeps its dtype, without TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import Kind, Message, Method, Payload
from seldon_runtime_grpc.protos.prediction_pb2 import SeldonMessage

from .answers import CODEC, Identical, answer, message


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "i4", "i8", "u1", "u8", "f2"])
def test_a_tftensor_keeps_its_dtype_without_tensorflow(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    request = SeldonMessage.FromString(CODEC.write(Method.PREDICT, Message(Payload(Kind.TFTENSOR, array))))
    user = Identical()
    answered = answer(user, request)
    assert (user.seen[0].dtype, user.seen[0].tolist()) == (array.dtype, array.tolist())
    assert answered.data.tftensor == request.data.tftensor


def test_a_tftensor_may_list_its_values():
    request = message(
        data={"tftensor": {"dtype": "DT_INT64", "tensorShape": {"dim": [{"size": 3}]}, "int64Val": [1, 2]}}
    )
    user = Identical()
    answer(user, request)
    assert user.seen[0].tolist() == [1, 2, 2]
