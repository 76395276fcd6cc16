"""The titles and texts of the page, section by section."""

from __future__ import annotations

from dataclasses import dataclass

_BESIDE = ("bare", "incumbent")


@dataclass(frozen=True)
class Section:
    """One part of the page, with a table for each measure, or one for all.

    Args:
        title: heading of the section.
        text: text below the heading.
        measures: measures in the order of their tables.
        references: the subjects to which the table adds seldon's ratio.
        flipped: True to make the measures the columns, with a line for each row and subject.
    """

    title: str
    text: str
    measures: tuple[str, ...]
    references: tuple[str, ...] = ()
    flipped: bool = False


SECTIONS = {
    "throughput": Section(
        "Calls per second",
        "One worker serves an identity component. Each call sends "
        '`{"data":{"names":["a","b","c","d"],"ndarray":[[1.0,2.0,3.0,4.0]]}}`. The bare server for REST is '
        "an ASGI application under uvicorn that does the same JSON and NumPy work. The bare server for gRPC "
        "is a grpcio server that returns the bytes of the request. Processor time is the server's; other "
        "programs disturb it less than the rate.",
        ("calls/s", "µs of processor per call"),
        references=_BESIDE,
    ),
    "large": Section(
        "A million numbers",
        "The time of a JSON round trip of 1000 x 1000 random numbers with all their digits.",
        ("ms",),
        references=_BESIDE,
    ),
    "open_inference": Section(
        "Open Inference Protocol",
        "One worker serves the identity: four numbers over 16 connections or streams, a million over one. "
        "*Binary* is binary tensor data in both directions, *raw* are raw contents. *seldon, v1* answers "
        "the same numbers as a `tensor` of the v1 protocol, without the plugin of the Open Inference "
        "Protocol; over gRPC these are float64. *seldon, JSON* answers them in JSON, in turn with binary "
        "data. The bare servers return the bytes of the request. Triton runs the identity by its backend "
        "for Python.",
        ("calls/s", "µs of processor per call", "ms"),
        references=("seldon, v1", "seldon, JSON", "bare", "triton", "mlserver", "kserve"),
    ),
    "batches": Section(
        "Batches",
        "The component takes 5 ms for a call and 0.1 ms for each row. Each call sends one row over REST. The "
        "rate of a perfect batcher is computed: it answers all connections by one call of the component, and "
        "takes no time itself. *seldon* has the plugin `batching`; the peers have their own batches, of at "
        "most 64 rows. MLServer and LitServe wait 5 ms for a full one.",
        ("calls/s", "µs of processor per call"),
        references=("a perfect batcher", "without the plugin", "triton", "mlserver", "litserve"),
    ),
    "awaiting": Section(
        "Async methods",
        "The method awaits 50 ms over REST, with `--concurrency 200`. A perfect server answers 200 "
        "connections every 50 ms. *identity* is a plain method that returns at once.",
        ("calls/s", "µs of processor per call"),
    ),
    "streams": Section(
        "Streams",
        "One process streams small texts as server-sent events. The time of a first item runs from its "
        "`yield` to its arrival at the client. A share is that of one of many clients, divided by the mean.",
        ("items/s", "p50 ms", "p99 ms", "least share", "greatest share"),
        flipped=True,
    ),
    "tables": Section(
        "A table of mixed columns",
        "One worker serves a method that receives a `pandas.DataFrame` of 1,000 rows and 20 columns and "
        "returns it: numbers, whole numbers, texts and booleans. The table has the same form in the request "
        "and in the answer. The bare server has the few lines of pandas, orjson and PyArrow that do the "
        "same. MLServer uses its codec `pd`. Processor time is the server's.",
        ("calls/s", "ms of processor per call"),
    ),
    "graphs": Section(
        "Graphs",
        "One process serves a graph of identities over REST, beside one component without a graph. A chain "
        "adds the id, the routing and the request path to each answer. A random graph shows what a further "
        "node costs. BentoML has a service for each node, Ray Serve a deployment. Three of the incumbent's "
        "wrappers are called one by one, each with the answer of the one before, as its engine would, by "
        "threads that keep their connections.",
        ("calls/s", "µs of processor per call", "ms"),
        references=("incumbent, 3 wrappers", "bentoml", "ray"),
    ),
    "start": Section(
        "Start and memory",
        "The time runs from `exec` to the first answer that the server is ready. Memory (PSS) is of all its "
        "processes, after twenty calls.",
        ("s until ready", "MiB (PSS)"),
        references=_BESIDE,
    ),
    "latency": Section(
        "Latency at a fixed rate",
        "The latency of a REST call counts from the moment when the call was due, even if the client sent it "
        "later. A server that falls behind has no row.",
        ("p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"),
        flipped=True,
    ),
    "stages": Section(
        "Steps of a call",
        "These steps run inside one process, without the transport. *All* includes the work between the "
        "steps: names, meta, dispatch. Over gRPC *encode* also writes the bytes. *Read* replaces *parse* and "
        "*decode* if no raw method needs the parsed message. It reads a large JSON array straight into "
        "NumPy. It does not parse a tensor that differs from an earlier one only in its numbers.",
        ("µs",),
    ),
    "sizes": Section(
        "Size of the payload",
        "The time of a round trip over one connection, with numbers of four digits, ten to a row.",
        ("ms",),
        references=_BESIDE,
    ),
    "connections": Section(
        "Number of connections",
        "REST calls, one at a time on each connection.",
        ("calls/s",),
        references=_BESIDE,
    ),
    "workers": Section(
        "Number of workers",
        "REST calls over 64 connections. The server and the load generator share all processors.",
        ("calls/s",),
    ),
    "plugins": Section(
        "Cost of plugins",
        "The same call to servers with one more plugin or option than `seldon`, which has one transport. The "
        "option of the last column belongs to grpc itself: `GRPC_EXPERIMENTS=-event_engine_listener`.",
        ("calls/s", "µs of processor per call"),
    ),
    "allocations": Section(
        "Memory of a call",
        "These calls run inside one process. *Allocations* counts the allocations of the C library, with "
        "Python's own allocator switched off. *Peak KiB* is the peak memory of Python and NumPy during a "
        "call. *Blocks left* counts the memory blocks of Python that remain after the calls.",
        ("allocations", "peak KiB", "blocks left by 20 calls"),
        flipped=True,
    ),
}
