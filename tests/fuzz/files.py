"""Decoders of files and of what processes say to each other: they get each input in a file or a socket."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np

from seldon_runtime.persistence import envelope, pickling
from seldon_runtime.persistence.envelope import Header, seal, unseal
from seldon_runtime.persistence.snapshot import Snapshot
from seldon_runtime.supervision.channel import Channel
from seldon_runtime_grpc import pod_annotations
from seldon_runtime_metrics.series.families import families
from seldon_runtime_metrics.series.series import Kind
from seldon_runtime_metrics.shared.merging import merged
from seldon_runtime_metrics.shared.value_file import ValueFile
from seldon_runtime_tools import contract_file, settings_file


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    in_memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(dir=in_memory if in_memory.is_dir() else None)


def _file(name: str, data: bytes) -> Path:
    path = Path(_folder().name, name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def contract(data: bytes) -> None:
    """contract.json."""
    contract_file.read(_file("contract.json", data))


def settings(data: bytes) -> None:
    """.s2i/environment."""
    settings_file.read(_file(str(settings_file.PLACE), data).parents[1])


def annotations(data: bytes) -> None:
    """The pod's annotations."""
    with patch.object(pod_annotations, "PATH", _file("annotations", data)):
        pod_annotations.read()
        pod_annotations.max_message_bytes()


def values(data: bytes) -> None:
    """A worker's numbers: read for the page by others, and taken over by its successor."""
    first: Exception | None = None
    for kind in (Kind.COUNTER, Kind.HISTOGRAM, Kind.LAST):
        path = _file(f"{kind.value}_slot0.db", data)
        try:
            list(families(kind, merged(kind, [path])))
        except ValueError as error:
            first = error
    list(ValueFile(_file("counter_slot0.db", data)).names)
    if first:
        raise first


def value_seeds() -> Sequence[bytes]:
    """Files as they are written."""
    made = []
    for number, (sample, labels) in enumerate(
        (("rows_total", {}), ("rows_total", {"a": "é"}), ("t_sum", {}), ("t_bucket", {"le": "+Inf"}))
    ):
        path = _file("seed", b"")
        names = [
            json.dumps([sample.partition("_")[0], sample, labels, "Text."]),
            json.dumps(["b", "b", {}, ""]),
        ]
        numbers, places = ValueFile(path).place(names[: 1 + number % 2])
        numbers[places[0]] = 1.5
        (used,) = struct.unpack_from("i", path.read_bytes())
        made.append(path.read_bytes()[:used])
    return made


def control(data: bytes) -> None:
    """What a worker says to its supervisor."""
    channel, theirs = Channel.pair()
    with theirs:
        theirs.settimeout(0)
        theirs.send(data[:60_000])
        while channel.receive(wait=False):
            pass
    channel.close()


_SECRET = b"correct horse battery staple"
_HEADER = Header("persistence_0_0_0", f"{__name__}:State", None, 1.5, "writer", "0.1.0")


class State:
    """A user's object."""

    def __init__(self) -> None:
        self.array = np.arange(10_000.0)


@cache
def _snapshots() -> list[Snapshot]:
    return [
        Snapshot(b"pickle"),
        Snapshot(b"p" * 20_000),
        Snapshot(b"", (b"a", b"bc")),
        pickling.dumps(State()),
    ]


def state(data: bytes) -> None:
    """A blob of a store, to a runtime with a secret. What is signed is unpickled."""
    envelope.peek(data)
    envelope.is_signed(data)
    pickling.loads(unseal(data, _HEADER.key, _SECRET).snapshot, State)


def state_seeds() -> list[bytes]:
    """Signed, and not."""
    return [bytes(seal(_HEADER, snapshot, secret)) for snapshot in _snapshots() for secret in (None, _SECRET)]


def signed_state(data: bytes) -> None:
    """Header and payload, with an empty line between: with a right checksum and signature. Not unpickled."""
    text, _, payload = data.partition(b"\n\n")
    prefix = struct.pack(">8sHHI", b"SELDONST", 1, 1, len(text))
    digest = hashlib.sha256(prefix + text + payload).digest()
    blob = prefix + text + payload + digest + hmac.digest(_SECRET, digest, "sha256")
    unseal(blob, None, _SECRET)


def signed_state_seeds() -> list[bytes]:
    """Of all codings."""
    made = []
    for snapshot in _snapshots()[:3]:
        packing, packed = envelope.pack(snapshot)
        header = json.dumps({**asdict(_HEADER), **asdict(packing)}).encode()
        made.append(header + b"\n\n" + b"".join(bytes(part) for part in packed))
    return made
