"""A client of a component without a port, for the unit tests of user classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.inspection.defined_methods import check_names
from seldon_runtime.component.inspection.served import served
from seldon_runtime.component.loading import create_served
from seldon_runtime.component.result import pack
from seldon_runtime.component.user_object import UserObject
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Kind, Message
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec, plain_dumps
from seldon_runtime.protocols.v1.message import encode_message
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.testing.waiting import WAIT_S

_PAYLOADS = ("strData", "binData", "jsonData")


class Answer:
    """An answer as a client reads it.

    Args:
        message: the SeldonMessage as parsed JSON.
    """

    def __init__(self, message: Mapping[str, Any]) -> None:
        self.message = message

    @property
    def value(self) -> Any:
        """The payload: nested lists of an array, the flat values of a tensor in its shape, text or JSON."""
        data = self.message.get("data")
        if data is None:
            return next(
                (self.message[key] for key in ("strData", "binData", "jsonData") if key in self.message), None
            )
        if "tensor" in data:
            return np.reshape(data["tensor"].get("values", []), data["tensor"]["shape"]).tolist()
        return data.get("ndarray")

    @property
    def names(self) -> Sequence[Any]:
        """The names of the columns."""
        names: Sequence[Any] = self.message.get("data", {}).get("names", [])
        return names

    @property
    def tags(self) -> Mapping[str, Any]:
        """The tags."""
        tags: Mapping[str, Any] = self.message.get("meta", {}).get("tags", {})
        return tags


class Client:
    """The maker of calls to one component, through the JSON of the v1 protocol, as a server would.

    Args:
        user: an instance of a user's class. Its ``load()`` runs first.
        service_type: the kind of the component in its graph.

    Raises:
        StartupError: a method needs arguments that the runtime never passes, or the class has methods, but
            none that the runtime calls.
        SeldonError: ``load()`` failed.
    """

    def __init__(self, user: object, service_type: ServiceType = ServiceType.MODEL) -> None:
        self.user = user
        self._executor = Executor()
        self._executor.start()
        try:
            adapter = self._executor.run(lambda: _loaded(user, service_type))
            metadata = self._executor.run(adapter.metadata)
        except BaseException:
            self._executor.stop(WAIT_S)
            raise
        unit = Unit(adapter, self._executor, Identity(), service_type, user)
        self._service = ComponentService(unit, metadata=metadata)
        self._service.ready = True
        self._codec = JsonCodec(Limits())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the component's thread."""
        self._service.timers.close()
        assert self._executor.stop(WAIT_S), "the component's thread did not end"

    def predict(self, X: Any, names: Sequence[str] = ()) -> Answer:
        """Call ``predict`` with a value, such as an array, a list, text, bytes or a dict.

        Raises:
            SeldonError: the error that a client would receive.
        """
        return self.call("predict", self.message(X, names))

    def call(self, method: str, request: Any) -> Answer:
        """Call a method by its name, such as ``aggregate``, with a message as parsed JSON.

        Raises:
            SeldonError: the error that a client would receive.
        """
        text = plain_dumps(request)
        return Answer(json.loads(self._service.call(Call(Method(method), text, self._codec, "client"))))

    @staticmethod
    def message(X: Any, names: Sequence[str] = ()) -> dict[str, Any]:
        """Return the SeldonMessage for a value, as parsed JSON."""
        payload = pack(X, Kind.NDARRAY, lambda: list(names))
        message: dict[str, Any] = json.loads(plain_dumps(encode_message(Message(payload))))
        return message

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata document."""
        return self._service.metadata()


def client(component: Any, service_type: str = ServiceType.MODEL.value, **parameters: Any) -> Client:
    """Return a client of a component without a port; close it, or use it in a ``with`` statement.

    Args:
        component: a class, a function, or an object, as :func:`seldon_runtime.serve` takes them.
        service_type: the value of SERVICE_TYPE.
        **parameters: arguments of the constructor of a class.

    Raises:
        StartupError: the component is neither, or cannot be loaded, or has none of the methods that the
            runtime calls.
    """
    return Client(create_served(served(component), parameters), ServiceType(service_type))


def _loaded(user: object, service_type: ServiceType) -> ComponentAdapter:
    adapter = ComponentAdapter(user, Identity(), service_type)
    adapter.load()
    check_names(UserObject(user))
    return adapter
