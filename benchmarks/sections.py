"""What stands on the page, section by section."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One part of the page, with a table for each measure, or one for all.

    Args:
        title: its heading.
        text: below it.
        measures: in this order.
        ratios: whether ratios of seldon to bare and to the incumbent stand beside.
        flipped: whether the measures are the columns, with a line for each row and subject.
    """

    title: str
    text: str
    measures: tuple[str, ...]
    ratios: bool = False
    flipped: bool = False


SECTIONS = {
    "throughput": Section(
        "Calls per second",
        "One worker and an identity component, asked "
        '`{"data":{"names":["a","b","c","d"],"ndarray":[[1.0,2.0,3.0,4.0]]}}`. The bare server is an ASGI '
        "application under uvicorn that does the same JSON and NumPy work or, for gRPC, a grpcio server that "
        "gives the bytes back. Processor time is the server's: other programs disturb it less than the rate.",
        ("calls/s", "µs of processor per call"),
        ratios=True,
    ),
    "large": Section(
        "A million numbers",
        "A JSON round trip of 1000 x 1000 random numbers of full length.",
        ("ms",),
        ratios=True,
    ),
    "start": Section(
        "Start and memory",
        "From `exec` until it says that it is ready; memory (PSS) of all its processes after twenty calls.",
        ("s until ready", "MiB (PSS)"),
        ratios=True,
    ),
    "latency": Section(
        "Latency at a fixed rate",
        "REST. Milliseconds from when a call was due, whether or not it could be sent then. A server that "
        "falls behind has none.",
        ("p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"),
        flipped=True,
    ),
    "stages": Section(
        "What a call is made of",
        "Inside one process, without the transport. *All* has also what stands between the steps: names, "
        "meta, dispatch. Over gRPC *encode* writes, too. *Read* takes the place of *parse* and *decode* "
        "where no raw method is to see what was parsed: an array of many numbers as JSON goes straight "
        "into NumPy, and a tensor that differs from an earlier one in its numbers only is not parsed.",
        ("µs",),
    ),
    "sizes": Section(
        "Size of the payload",
        "Round trip over one connection; numbers of four digits, ten to a row.",
        ("ms",),
        ratios=True,
    ),
    "connections": Section("Number of connections", "REST.", ("calls/s",), ratios=True),
    "workers": Section(
        "Number of workers",
        "REST, 64 connections. Neither the server nor the load are pinned: they share the processors.",
        ("calls/s",),
    ),
    "plugins": Section(
        "What plugins cost",
        "The same call to a server with one plugin or option more than `seldon`, which has one transport. "
        "The last one is of grpc itself: `GRPC_EXPERIMENTS=-event_engine_listener`.",
        ("calls/s", "µs of processor per call"),
    ),
    "allocations": Section(
        "Memory of a call",
        "Inside one process. *Allocations* are those of the C library, with Python's own allocator switched "
        "off; the rest is of Python and NumPy: the most that a call holds at a time, and what calls leave.",
        ("allocations", "KiB at the most", "blocks left by 20 calls"),
        flipped=True,
    ),
}
