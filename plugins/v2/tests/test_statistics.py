from __future__ import annotations

import numpy as np
import pytest

from seldon_runtime.plugin import Call, ErrorCode, Message, Method, Outcome, Payload, SeldonError
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import InputTensor
from seldon_runtime_v2.statistics import MOST_SIZES, MeasuredCodec, Statistics, rows_of
from seldon_runtime_v2.tensors.datatypes import DATATYPES

from .components import Model


class Measured(MeasuredCodec):
    name = "measured"

    def read(self, method, wire):
        return Message(Payload("data", wire))

    def write(self, method, answer):
        return answer


@pytest.fixture
def count():
    """``count(rows, error)``: the counters after a call that took 2 s to read, 3 s to run, 4 s to write."""
    statistics = Statistics()

    def count(rows=1, error=None):
        made = Measured()
        made.rows, made.read_at, made.answered_at = rows, 113.0, 116.0
        call = Call(Method.PREDICT, b"", made, "test", submitted=110.0)
        statistics.watch(call).on_end(call, Outcome(error, 200, 1.0, 9.0, 0))
        return statistics

    return count


@pytest.fixture
def model_of(make_service):
    def model_of(**metadata):
        return ServedModel(make_service(Model(), metadata=metadata))

    return model_of


@pytest.fixture
def only(model_of):
    """A function that returns the only model's part of the document."""

    def only(statistics):
        (found,) = statistics.document(model_of(versions=["2"]))["model_stats"]
        return found

    return only


def ns(count, seconds):
    return {"count": count, "ns": seconds * 10**9}


def test_rows_count_as_inferences_and_calls_as_executions(count, only):
    count(rows=3)
    found = only(count(rows=4))
    assert (found["name"], found["version"]) == ("Model", "2")
    assert (found["inference_count"], found["execution_count"]) == (7, 2)
    assert found["last_inference"] > 1_600_000_000_000


def test_the_times_of_a_call_are_its_parts(count, only):
    count()
    found = only(count())
    parts = {"compute_input": ns(2, 4), "compute_infer": ns(2, 6), "compute_output": ns(2, 8)}
    assert found["inference_stats"] == {
        "success": ns(2, 20),
        "fail": ns(0, 0),
        "queue": ns(2, 2),
        **parts,
        "cache_hit": ns(0, 0),
        "cache_miss": ns(0, 0),
    }
    assert found["batch_stats"] == [{"batch_size": 1, **parts}]


def test_a_failed_call_is_not_an_inference(count, only):
    found = only(count(error=SeldonError("bad")))
    assert (found["inference_count"], found["execution_count"], found["batch_stats"]) == (0, 0, [])
    assert found["inference_stats"]["fail"] == ns(1, 10)
    assert found["inference_stats"]["success"] == found["inference_stats"]["queue"] == ns(0, 0)
    assert found["last_inference"] > 0


def test_a_call_of_another_model_counts_nowhere(count, only):
    found = only(count(error=SeldonError("other", code=ErrorCode.NOT_FOUND)))
    assert found["inference_stats"]["fail"] == ns(0, 0)


def test_the_number_of_listed_batch_sizes_is_bounded(count, only):
    for rows in range(MOST_SIZES + 5):
        statistics = count(rows=rows)
    statistics = count(rows=0)
    found = only(statistics)
    assert [each["batch_size"] for each in found["batch_stats"]] == list(range(MOST_SIZES))
    assert found["batch_stats"][0]["compute_infer"]["count"] == 2
    assert found["execution_count"] == MOST_SIZES + 6


@pytest.mark.parametrize(
    ("shapes", "declared", "rows"),
    [
        ([(3, 2)], None, 3),
        ([(0, 2)], None, 0),
        ([(4,)], None, 1),
        ([()], None, 1),
        ([(4,), (4,)], None, 4),
        ([(3, 2)], [[-1, 2]], 3),
        ([(3, 2)], [[3, 2]], 1),
        ([(), (4,)], None, 1),
    ],
)
def test_rows_are_the_first_size_of_the_first_input(model_of, shapes, declared, rows):
    inputs = [
        InputTensor(f"x{index}", DATATYPES["FP32"], np.zeros(shape, np.float32))
        for index, shape in enumerate(shapes)
    ]
    metadata = {}
    if declared:
        metadata["inputs"] = [
            {"name": f"x{index}", "datatype": "FP32", "shape": shape} for index, shape in enumerate(declared)
        ]
    assert rows_of(model_of(**metadata), inputs) == rows
