"""Every decoder: its name, what it is given, and what it may raise."""

from __future__ import annotations

from functools import partial

import click

from seldon_runtime.component.metadata import describe
from seldon_runtime.component.parameters import parse_parameters
from seldon_runtime.errors import SeldonError, StartupError
from seldon_runtime.inference.method import Method
from seldon_runtime.persistence.envelope import EnvelopeError
from seldon_runtime.persistence.pickling import UnpicklingFailed
from seldon_runtime_rest.deadline_headers import deadline_from
from seldon_runtime_tools.contract_file import ContractError

from . import calls, connection, files, media, seeds, v2
from .mutation import as_bytes, as_json
from .target import Target
from .wire import as_protobuf

_CALLS = {
    "predict": (Method.PREDICT, ("/predict",), ("Predict",)),
    "route": (Method.ROUTE, ("/route",), ("Route",)),
    "transform": (
        Method.TRANSFORM_INPUT,
        ("/transform-input", "/transform-output"),
        ("TransformInput", "TransformOutput"),
    ),
    "aggregate": (Method.AGGREGATE, ("/aggregate",), ("Aggregate",)),
    "feedback": (Method.SEND_FEEDBACK, ("/send-feedback", "/api/v1.0/feedback"), ("SendFeedback",)),
}


def _text(data: bytes) -> str:
    """As the environment has it: what is no UTF-8 is kept."""
    return data.decode("utf-8", "surrogateescape")


def _deadline(data: bytes) -> None:
    lines = [
        (name, value)
        for name in (b"prefer", b"x-envoy-expected-rq-timeout-ms")
        for value in data.split(b"\n")
    ]
    deadline_from(dict(lines), lines)


_METADATA = [
    b"name: a\nversions: [v1]\ninputs:\n- messagetype: tensor\n  schema: {names: [a], shape: [1]}\n",
    b"inputs: &a\n- {name: x, datatype: FP64, shape: [1, 2]}\noutputs: *a\n",
    b"!!bool x",
    b"custom: {a: !!int 1, b: 2001-01-01, c: !!binary AAAA, d: !!set {a}}",
]
_CONTRACT = [
    b'{"features":[{"name":"x","dtype":"FLOAT","ftype":"continuous","range":[0,1],"repeat":3}],'
    b'"targets":[{"name":"c","dtype":"STRING","ftype":"categorical","values":["a","b"]}]}',
    b'{"features":[{"name":"x","dtype":"INT","range":["-inf","inf"],"shape":[2,2]}],"targets":[]}',
]
_CONTROL = [
    b'{"event": "ready", "addresses": [["rest", "http://0.0.0.0:9000"]]}\n',
    b'{"event": "listen", "place": ["0.0.0.0", 9000, "--http-port", 0]}\n{"event": "spent"}\n',
    b'{"order": "retire"}\n{"attached": true}\n',
]

_ARROW = Target(
    "arrow",
    partial(media.body, "application/vnd.apache.arrow.stream"),
    (SeldonError,),
    media.arrow_seeds,
    as_bytes,
)

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        *(
            Target(
                f"rest-{name}",
                partial(calls.rest, method),
                (SeldonError,),
                partial(seeds.json_bodies, *paths),
                as_json,
            )
            for name, (method, paths, _) in _CALLS.items()
        ),
        *(
            Target(
                f"grpc-{name}",
                partial(calls.grpc, method),
                (SeldonError,),
                partial(seeds.messages, *rpcs),
                as_protobuf,
            )
            for name, (method, _, rpcs) in _CALLS.items()
        ),
        Target("v2-json", v2.json_body, (SeldonError,), v2.json_seeds, as_json),
        Target("v2-flat", v2.flat_body, (SeldonError,), v2.flat_seeds, as_json),
        Target("v2-binary", v2.binary_body, (SeldonError,), v2.binary_seeds, as_bytes),
        Target("v2-grpc", v2.grpc_message, (SeldonError,), v2.grpc_seeds, as_protobuf),
        Target("csv", partial(media.body, "text/csv"), (SeldonError,), media.csv_seeds, as_bytes),
        Target("npy", partial(media.body, "application/x-npy"), (SeldonError,), media.npy_seeds, as_bytes),
        *([_ARROW] if media.HAS_ARROW else []),
        Target("media-headers", media.headers, (), media.header_seeds, as_bytes),
        Target("form", calls.form, (SeldonError,), seeds.http_requests, as_bytes),
        Target("http", connection.http, (), seeds.http_requests, as_bytes),
        Target(
            "deadline", _deadline, (), lambda: [b"wait=5", b'respond-async, wait="10"; a=b\n100'], as_bytes
        ),
        Target("state", files.state, (EnvelopeError, UnpicklingFailed), files.state_seeds, as_bytes),
        Target("signed-state", files.signed_state, (EnvelopeError,), files.signed_state_seeds, as_json),
        Target(
            "parameters",
            lambda data: parse_parameters(_text(data)),
            (StartupError,),
            seeds.parameters,
            as_json,
        ),
        Target(
            "metadata",
            lambda data: describe(None, None, _text(data)),
            (SeldonError, StartupError),
            lambda: [*seeds.variables("MODEL_METADATA"), *_METADATA],
            as_json,
        ),
        Target(
            "annotations",
            files.annotations,
            (StartupError,),
            lambda: [b'seldon.io/grpc-max-message-size="1000"\nkubernetes.io/config.seen="2020"\n'],
            as_bytes,
        ),
        Target("metrics-file", files.values, (ValueError,), files.value_seeds, as_bytes),
        Target("control", files.control, (), lambda: _CONTROL, as_json),
        Target("contract", files.contract, (ContractError,), lambda: _CONTRACT, as_json),
        Target(
            "settings-file",
            files.settings,
            (click.ClickException,),
            lambda: [b"A=1\n# text\nMODEL_NAME=b c\n"],
            as_bytes,
        ),
    )
}
