"""The one model that a process serves: its name, its version, and the tensors that it declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seldon_runtime.plugin import ErrorCode, Method, SeldonError, Service
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_v2.tensors.datatypes import Datatype, datatype_named

_METHODS = (Method.PREDICT, Method.TRANSFORM_INPUT, Method.TRANSFORM_OUTPUT)
"""The methods that answer an inference, the preferred first."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A tensor that the model declares."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    """-1 stands for a size that varies."""


class ServedModel:
    """The model of a service, as V2 names and describes it.

    Args:
        service: answers the calls; its component is loaded.
        name: the model's name in paths; by default PREDICTIVE_UNIT_ID, else the name of the class.
        non_finite: the form of NaN and infinities in JSON.
    """

    def __init__(
        self, service: Service, name: str | None = None, non_finite: NonFinite = NonFinite.NULL
    ) -> None:
        self._service = service
        self.non_finite = non_finite
        self.name = name or service.identity.unit or service.class_name
        self._fault: SeldonError | None = None
        document: Mapping[str, Any] = {}
        try:
            document = service.metadata()
        except SeldonError as error:
            self._fault = error
        inputs, outputs = document.get("inputs") or (), document.get("outputs") or ()
        self.versions = [version for version in document.get("versions") or () if version][:1]
        """The only version, which is the first that the class names; empty without versions."""
        self._document = document
        predictor = service.units[0].predictor
        self.has_infer = predictor.has_infer
        self.takes_arrays = predictor.takes_arrays
        method = next((m for m in _METHODS if m in service.methods), None)
        self.answers = method is not None
        """False for a component without a method for an inference, such as a router: it refuses each."""
        self.method = method or Method.PREDICT
        self.streams = self.method in predictor.streamed
        """True if an inference is known to have several answers: the method is a generator."""
        self.inputs = _declared(inputs)
        self.outputs = _declared(outputs)
        first: Mapping[str, Any] = next(iter(inputs), {})
        self.v1_type: str = first.get("messagetype", "")
        """The v1 message type of the first input, such as ``binData``, if the model declares it so."""
        self.v1_names: Sequence[str] = (first.get("schema") or {}).get("names", ()) if self.v1_type else ()

    @property
    def version(self) -> str | None:
        """The version in answers; None if the model has no version."""
        return self.versions[0] if self.versions else None

    def require(self, name: str, version: str | None = None) -> None:
        """Raise SeldonError (NOT_FOUND) unless this is the model of that name, and of a version if given."""
        if name != self.name:
            raise SeldonError(
                f"the model {name!r:.80} is not served here, expected {self.name!r}", code=ErrorCode.NOT_FOUND
            )
        if version is not None and version not in self.versions:
            served = f"expected {self.version!r}" if self.versions else "it has no versions"
            raise SeldonError(
                f"the model {name!r:.80} has no version {version!r:.40}, {served}", code=ErrorCode.NOT_FOUND
            )

    @property
    def is_ready(self) -> bool:
        """True while the process takes calls."""
        return self._service.ready

    def require_ready(self) -> None:
        """Raise SeldonError (UNAVAILABLE) while the process does not take calls."""
        if not self.is_ready:
            raise SeldonError(f"the model {self.name!r} is not ready", code=ErrorCode.UNAVAILABLE)

    def metadata(self) -> dict[str, Any]:
        """Return the document of V2.

        Raises:
            SeldonError: BAD_METADATA when the component's metadata are invalid.
        """
        if self._fault is not None:
            raise self._fault.with_traceback(None)
        document = self._document
        described: dict[str, Any] = {
            "name": self.name,
            "versions": self.versions,
            "platform": document.get("platform", ""),
            "inputs": [_described(tensor) for tensor in self.inputs.values()],
            "outputs": [_described(tensor) for tensor in self.outputs.values()],
        }
        if document.get("custom"):
            described["properties"] = document["custom"]
        return described


def _declared(tensors: Sequence[Mapping[str, Any]]) -> dict[str, Declared]:
    """Return the tensors by name; none unless all are of V2."""
    if not all("datatype" in tensor for tensor in tensors):
        return {}
    return {
        tensor["name"]: Declared(
            tensor["name"],
            datatype_named(tensor["datatype"], f"the declared tensor {tensor['name']!r}"),
            tuple(tensor["shape"]),
        )
        for tensor in tensors
    }


def _described(tensor: Declared) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.datatype.name, "shape": list(tensor.shape)}
