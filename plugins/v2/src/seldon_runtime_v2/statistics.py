"""The statistics of a model: counts and times of its inferences over every transport.

Source: Triton's extension "Statistics" (extension_statistics.md).
"""

from __future__ import annotations

import threading
import time
from abc import ABC
from collections.abc import Sequence
from typing import Any

from seldon_runtime.plugin import Call, Codec, ErrorCode, Outcome
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.mapping.tensors import InputTensor

V2 = "v2"
"""The protocol's name in SELDON_PROTOCOLS, and of all its codecs."""
MOST_SIZES = 128
"""The number of batch sizes that are listed one by one; clients choose the sizes."""
_PARTS = ("compute_input", "compute_infer", "compute_output")
_NS = 1e9
Document = dict[str, Any]


class MeasuredCodec(Codec, ABC):
    """A codec of one inference, which notes how far the inference has come and when.

    A subclass sets ``rows`` and ``read_at`` when it has read the request, and ``answered_at`` when it begins
    to write the answer.
    """

    protocol = V2
    rows = 0
    """The rows of the request's batch (:func:`rows_of`)."""
    read_at = 0.0
    """The time at which the request was read (``time.perf_counter``)."""
    answered_at = 0.0
    """The time at which the component had answered; 0.0 for a stream without items."""


class _Times:
    """A number of inferences, and the seconds of their parts: waiting, reading, the component, writing."""

    __slots__ = ("count", "infer_s", "queue_s", "read_s", "write_s")

    def __init__(self) -> None:
        self.count = 0
        self.queue_s = self.read_s = self.infer_s = self.write_s = 0.0

    def add(self, queue_s: float, read_s: float, infer_s: float, write_s: float) -> None:
        self.count += 1
        self.queue_s += queue_s
        self.read_s += read_s
        self.infer_s += infer_s
        self.write_s += write_s

    def merge(self, other: _Times) -> None:
        self.count += other.count
        self.queue_s += other.queue_s
        self.read_s += other.read_s
        self.infer_s += other.infer_s
        self.write_s += other.write_s

    def parts(self) -> Document:
        return {
            name: _duration(self.count, seconds)
            for name, seconds in zip(_PARTS, (self.read_s, self.infer_s, self.write_s), strict=True)
        }

    @property
    def all_s(self) -> float:
        return self.queue_s + self.read_s + self.infer_s + self.write_s


def _duration(count: int, seconds: float) -> Document:
    return {"count": count, "ns": int(seconds * _NS)}


class Statistics:
    """The counters of one process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_inference = 0.0
        self._inferences = 0
        self._failed, self._failed_s = 0, 0.0
        self._sizes: dict[int, _Times] = {}
        self._others = _Times()
        """The inferences of further batch sizes."""

    def watch(self, call: Call) -> Call:
        """Return the call, whose codec is a :class:`MeasuredCodec`; its end will count."""
        call.on_end = self._count
        return call

    def _count(self, call: Call, outcome: Outcome) -> None:
        codec: Any = call.codec
        queue_s, ran_s = outcome.waited_s, outcome.ran_s
        error = outcome.error
        if error is not None and error.code is ErrorCode.NOT_FOUND:
            return  # it is not a call of this model
        with self._lock:
            self._last_inference = time.time()
            if error is not None:
                self._failed += 1
                self._failed_s += queue_s + ran_s
                return
            answered_at = codec.answered_at or call.submitted + queue_s + ran_s
            read_s, infer_s = codec.read_at - call.submitted - queue_s, answered_at - codec.read_at
            write_s = ran_s - read_s - infer_s
            if read_s < 0.0 or infer_s < 0.0 or write_s < 0.0:  # of calls that share a batch
                read_s, infer_s, write_s = max(0.0, read_s), max(0.0, infer_s), max(0.0, write_s)
            rows = codec.rows
            self._inferences += rows
            times = self._sizes.get(rows)
            if times is None:
                is_listed = len(self._sizes) < MOST_SIZES
                times = self._sizes.setdefault(rows, _Times()) if is_listed else self._others
            times.add(queue_s, read_s, infer_s, write_s)

    def document(self, model: ServedModel) -> Document:
        """Return the statistics of the served model, which is the only member of ``model_stats``.

        Times are nanoseconds, ``last_inference`` is milliseconds since 1970. ``version`` is empty for a model
        without versions.
        """
        none = _duration(0, 0.0)
        with self._lock:
            total = _Times()
            for times in (self._others, *self._sizes.values()):
                total.merge(times)
            inferences = {
                "success": _duration(total.count, total.all_s),
                "fail": _duration(self._failed, self._failed_s),
                "queue": _duration(total.count, total.queue_s),
                **total.parts(),
                "cache_hit": none,
                "cache_miss": none,
            }
            only = {
                "name": model.name,
                "version": model.version or "",
                "last_inference": int(self._last_inference * 1000),
                "inference_count": self._inferences,
                "execution_count": total.count,
                "inference_stats": inferences,
                "response_stats": {},
                "batch_stats": [
                    {"batch_size": size, **times.parts()} for size, times in sorted(self._sizes.items())
                ],
                "memory_usage": [],
            }
        return {"model_stats": [only]}


def rows_of(model: ServedModel, inputs: Sequence[InputTensor]) -> int:
    """Return the number of rows in the batch of a request.

    It is the first size of the first input. It is 1 if the model declares that size as fixed, and for a
    single vector or number, whose size says nothing about rows.
    """
    first = inputs[0]
    shape = first.array.shape
    if not shape or (len(shape) == 1 and len(inputs) == 1):
        return 1
    declared = model.inputs.get(first.name) if model.inputs else None
    return shape[0] if declared is None or declared.shape[0] < 0 else 1
