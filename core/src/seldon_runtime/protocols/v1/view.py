"""JSON feedback with the interface of a protobuf message.

``send_feedback_raw`` of existing classes reads its argument as a protobuf ``Feedback`` over every
transport. These views provide the part of that interface which user code uses, over plain dicts,
without protobuf.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from seldon_runtime.protocols.base64_text import decode_base64, encode_base64

_PAYLOADS = ("data", "binData", "strData", "jsonData", "customData", "tensor", "ndarray", "tftensor")
"""The alternatives of ``data_oneof``, of a message and of its data."""


class MessageView(dict[str, Any]):
    """A dict whose members are attributes; absent ones read as their empty value.

    Reading an absent part, list or mapping returns an empty one, which becomes a member once it is filled.
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
        """Return whether a member is present."""
        self._settle()
        return self.get(name) is not None

    def WhichOneof(self, group: str) -> str | None:
        """Return the present member of ``data_oneof``, the only group.

        Raises:
            ValueError: ``group`` is another group.
        """
        if group != "data_oneof":
            raise ValueError(f"{type(self).__name__} has no oneof {group!r}, expected 'data_oneof'")
        return next((name for name in _PAYLOADS if self.HasField(name)), None)


class TensorView(MessageView):
    """``Tensor``: shape and values."""

    _empty: ClassVar[Mapping[str, Any]] = {"shape": [], "values": []}

    @property
    def values(self) -> Any:
        """The numbers, in place of the method of dicts."""
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
    """``SeldonMessage``, which user code may also create, fill and return."""

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
        """Return the members as JSON values, bytes as base64."""
        self._settle()
        data = self.get("binData")
        if not isinstance(data, bytes | bytearray):
            return dict(self)
        return {**self, "binData": encode_base64(data)}


class FeedbackView(MessageView):
    """``Feedback``."""

    _parts: ClassVar[Mapping[str, type[MessageView]]] = {
        "request": SeldonMessageView,
        "response": SeldonMessageView,
        "truth": SeldonMessageView,
    }
    _empty: ClassVar[Mapping[str, Any]] = {"reward": 0.0}
