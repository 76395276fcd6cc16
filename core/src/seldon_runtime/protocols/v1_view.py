"""JSON feedback with the manners of a protobuf message.

``send_feedback_raw`` of existing classes reads its argument as a protobuf
``Feedback`` whatever the transport. These views give the part of that interface
user code reads and writes, over plain dicts, so that no protobuf is needed.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, ClassVar

from seldon_runtime.protocols.v1 import decode_base64

_PAYLOADS = ("data", "binData", "strData", "jsonData", "customData")
_ONEOFS = {"data_oneof": (*_PAYLOADS, "tensor", "ndarray", "tftensor")}


class MessageView(dict[str, Any]):
    """A dict whose members are attributes; absent ones read as their empty value."""

    _parts: ClassVar[Mapping[str, type[MessageView]]] = {}
    _empty: ClassVar[Mapping[str, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        if name in self:
            value = self[name]
            part = self._parts.get(name)
            if part is not None and isinstance(value, dict) and not isinstance(value, part):
                value = self[name] = part(value)
            return value
        if name in self._parts:
            return self._parts[name]()
        if name in self._empty:
            return type(self._empty[name])()
        raise AttributeError(f"{type(self).__name__} has no field {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._parts and name not in self._empty:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        self[name] = value

    def HasField(self, name: str) -> bool:
        """Whether a member is present."""
        return self.get(name) is not None

    def WhichOneof(self, group: str) -> str | None:
        """The member present among the alternatives of ``data_oneof``."""
        return next((name for name in _ONEOFS[group] if self.HasField(name)), None)


class TensorView(MessageView):
    """``Tensor``: shape and values."""

    _empty: ClassVar[Mapping[str, Any]] = {"shape": [], "values": []}


class DataView(MessageView):
    """``DefaultData``."""

    _parts: ClassVar[Mapping[str, type[MessageView]]] = {"tensor": TensorView}
    _empty: ClassVar[Mapping[str, Any]] = {"names": [], "ndarray": [], "tftensor": {}}


class MetaView(MessageView):
    """``Meta``."""

    _empty: ClassVar[Mapping[str, Any]] = {
        "puid": "",
        "tags": {},
        "routing": {},
        "requestPath": {},
        "metrics": [],
    }


class SeldonMessageView(MessageView):
    """``SeldonMessage``; an empty one can be made, filled and returned."""

    _parts: ClassVar[Mapping[str, type[MessageView]]] = {"data": DataView, "meta": MetaView}
    _empty: ClassVar[Mapping[str, Any]] = {
        "strData": "",
        "binData": b"",
        "jsonData": {},
        "customData": {},
        "status": {},
    }

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        return decode_base64(value, name) if name == "binData" and isinstance(value, str) else value

    def to_json(self) -> dict[str, Any]:
        """The members as JSON holds them: bytes as base64."""
        data = self.get("binData")
        if not isinstance(data, bytes | bytearray):
            return dict(self)
        return {**self, "binData": base64.b64encode(data).decode("ascii")}


class FeedbackView(MessageView):
    """``Feedback``."""

    _parts: ClassVar[Mapping[str, type[MessageView]]] = {
        "request": SeldonMessageView,
        "response": SeldonMessageView,
        "truth": SeldonMessageView,
    }
    _empty: ClassVar[Mapping[str, Any]] = {"reward": 0.0}
