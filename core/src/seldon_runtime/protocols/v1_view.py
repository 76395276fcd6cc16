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

_PAYLOADS = ("data", "binData", "strData", "jsonData", "customData", "tensor", "ndarray", "tftensor")
"""The alternatives of ``data_oneof``, of a message and of its data."""


class MessageView(dict[str, Any]):
    """A dict whose members are attributes; absent ones read as their empty value.

    A part, list or mapping that is read while absent becomes a member when it is filled.
    """

    _parts: ClassVar[Mapping[str, type[MessageView]]] = {}
    _empty: ClassVar[Mapping[str, Any]] = {}
    _lent: dict[str, Any]

    def __init__(self, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(members or {})
        object.__setattr__(self, "_lent", {})

    def __getattr__(self, name: str) -> Any:
        kind = self._parts.get(name)
        value = self.get(name)
        if value is not None:
            if kind is not None and isinstance(value, dict) and not isinstance(value, kind):
                value = self[name] = kind(value)
            return value
        if kind is None and name not in self._empty:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        return self._lent.setdefault(name, kind() if kind is not None else type(self._empty[name])())

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._parts and name not in self._empty:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        for other in _PAYLOADS if name in _PAYLOADS else (name,):
            self.pop(other, None)
            self._lent.pop(other, None)
        self[name] = value

    def _settle(self) -> None:
        for name, value in [*self.items(), *self._lent.items()]:
            if isinstance(value, MessageView):
                value._settle()
            if value and name in self._lent:
                setattr(self, name, value)

    def HasField(self, name: str) -> bool:
        """Whether a member is present."""
        self._settle()
        return self.get(name) is not None

    def WhichOneof(self, group: str) -> str | None:
        """The member present among the alternatives of ``data_oneof``, the only group there is.

        Raises:
            ValueError: for another group.
        """
        if group != "data_oneof":
            raise ValueError(f"{type(self).__name__} has no oneof {group!r}, expected 'data_oneof'")
        return next((name for name in _PAYLOADS if self.HasField(name)), None)


class TensorView(MessageView):
    """``Tensor``: shape and values."""

    _empty: ClassVar[Mapping[str, Any]] = {"shape": [], "values": []}

    @property
    def values(self) -> Any:
        """The numbers; not the method of dicts."""
        return self.__getattr__("values")


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
        self._settle()
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
