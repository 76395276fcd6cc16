"""Refusal of protobuf requests with two payloads.

Protobuf keeps the last member of a ``oneof`` on the wire and drops the others without a word. So the
check parses a request by messages with the same field numbers, without ``oneof``, whose payloads are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from seldon_runtime.plugin import Method, SeldonError
from seldon_runtime_grpc.protos.prediction_pb2 import DefaultData, Feedback, SeldonMessage, SeldonMessageList

_PACKAGE = "seldon.payload_count"
_PAYLOADS = [field.name for field in SeldonMessage.DESCRIPTOR.oneofs_by_name["data_oneof"].fields]
_ARRAYS = [field.name for field in DefaultData.DESCRIPTOR.oneofs_by_name["data_oneof"].fields]
_OPTIONAL = FieldDescriptorProto.LABEL_OPTIONAL
_REPEATED = FieldDescriptorProto.LABEL_REPEATED


def _message(real: Any, parts: Mapping[str, str], bytes_of: list[str]) -> DescriptorProto:
    """Return the description of a message with some fields of the real one.

    Args:
        real: the descriptor of the real message.
        parts: the fields that are messages themselves, each with the name of the message.
        bytes_of: the fields that are read as bytes.
    """
    message = DescriptorProto(name=real.name)
    for field in real.fields:
        label = _REPEATED if field.name == "seldonMessages" else _OPTIONAL
        if field.name in parts:
            message.field.add(
                name=field.name,
                number=field.number,
                label=label,
                type=FieldDescriptorProto.TYPE_MESSAGE,
                type_name=f".{_PACKAGE}.{parts[field.name]}",
            )
        elif field.name in bytes_of:
            message.field.add(
                name=field.name, number=field.number, label=label, type=FieldDescriptorProto.TYPE_BYTES
            )
    return message


def _classes() -> dict[str, Any]:
    part = dict.fromkeys(("request", "response", "truth"), "SeldonMessage")
    file = FileDescriptorProto(
        name="payload_count.proto",
        package=_PACKAGE,
        syntax="proto2",
        message_type=[
            _message(DefaultData.DESCRIPTOR, {}, _ARRAYS),
            _message(SeldonMessage.DESCRIPTOR, {"data": "DefaultData"}, _PAYLOADS),
            _message(SeldonMessageList.DESCRIPTOR, {"seldonMessages": "SeldonMessage"}, []),
            _message(Feedback.DESCRIPTOR, part, []),
        ],
    )
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        message.name: GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{message.name}"))
        for message in file.message_type
    }


_CLASSES = _classes()


def check_payloads(method: Method, wire: bytes) -> None:
    """Raise SeldonError (BAD_DATA) if a message of a valid request has two payloads, or data two arrays."""
    if method is Method.AGGREGATE:
        for index, message in enumerate(_parsed("SeldonMessageList", wire).seldonMessages):
            _check(message, f"seldonMessages[{index}]")
    elif method is Method.SEND_FEEDBACK:
        feedback = _parsed("Feedback", wire)
        for name in ("request", "response", "truth"):
            _check(getattr(feedback, name), name)
    else:
        _check(_parsed("SeldonMessage", wire), "the request")


def _parsed(name: str, wire: bytes) -> Any:
    try:
        return _CLASSES[name].FromString(wire)
    except DecodeError as error:
        raise SeldonError(f"the request is not a valid seldon.protos.{name}: {error}") from error


def _check(message: Any, where: str) -> None:
    found = [field.name for field, _ in message.ListFields()]
    if len(found) > 1:
        raise SeldonError(f"{where} has {' and '.join(found)}, expected one of them")
    if found == ["data"]:
        arrays = [field.name for field, _ in message.data.ListFields()]
        if len(arrays) > 1:
            place = "data" if where == "the request" else f"{where}.data"
            raise SeldonError(f"{place} has {' and '.join(arrays)}, expected one of them")
