"""Requests for the tests of V2 over gRPC."""

from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime_v2.grpc.protos.inference_pb2 import ModelInferRequest
from seldon_runtime_v2.tensors.binary import to_binary
from seldon_runtime_v2.tensors.datatypes import datatype_named

FIELDS = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "INT64": "int64_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


def with_input(message, name, datatype, values, shape=None, *, raw=False):
    """Add an input to a message, with its values as typed or as raw contents."""
    shape = [len(values)] if shape is None else shape
    tensor = message.inputs.add(name=name, datatype=datatype, shape=shape)
    if raw:
        kind = datatype_named(datatype, "a test")
        message.raw_input_contents.append(bytes(to_binary(np.array(values, kind.dtype), kind)))
    else:
        getattr(tensor.contents, FIELDS[datatype]).extend(values)
    return message


@pytest.fixture
def asked():
    """``asked(datatype, values, shape, raw=True)``: a request with the input ``x``."""

    def asked(datatype, values, shape=None, *, raw=False, **members):
        return with_input(ModelInferRequest(**members), "x", datatype, values, shape, raw=raw)

    return asked
