"""The names that a user's class may import: an optional base class and :class:`Response`.

A class needs no base class. :class:`Component` only documents the methods, and shows their
signatures to editors and type checkers; a method that is not overridden counts as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from seldon_runtime.errors import SeldonNotImplementedError

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Response:
    """A result with tags, metrics and response headers for this one call.

    Args:
        data: the value that the method would return without a ``Response``.
        tags: merged over the request's tags and over ``tags()``.
        metrics: appended to the metrics of ``metrics()``; each is
            ``{"type": "COUNTER" | "GAUGE" | "TIMER", "key": str, "value": number, "tags": {str: str}}``.
        headers: headers of the response, such as ``{"Cache-Control": "no-store"}``: HTTP headers, or gRPC
            trailing metadata.
    """

    data: Any
    tags: Mapping[str, Any] | None = None
    metrics: Sequence[Mapping[str, Any]] | None = None
    headers: Mapping[str, str] | None = None


def method(name: str) -> Callable[[Function], Function]:
    """Return a decorator that lets a method of another name serve as the method ``name``.

    ``@method("predict")`` above ``def score_customers(self, X)`` adds it to the class as ``predict``, too. A
    subclass that overrides ``score_customers`` overrides both. Several of these decorators add several names.
    Write them above all other decorators, such as ``@staticmethod``.

    Raises:
        TypeError: the name is missing.
        ValueError: the runtime calls no method of this name.
    """
    if not isinstance(name, str):
        raise TypeError('the decorator lacks the name of the method, expected @method("predict") or the like')
    if name.startswith("_") or name not in vars(Component):
        raise ValueError(f"{name!r} is not a method that the runtime calls, such as 'predict'")

    def decorate(function: Function) -> Function:
        if isinstance(function, NamedMethod):
            return cast(Function, NamedMethod(function.function, (*function.names, name)))
        return cast(Function, NamedMethod(function, (name,)))

    return decorate


class NamedMethod:
    """A function in a class's body, which the class has under further names once it exists."""

    def __init__(self, function: Any, names: tuple[str, ...]) -> None:
        self.function = function
        self.names = names

    def __set_name__(self, owner: type, own_name: str) -> None:
        for name in self.names:
            if name == own_name:
                continue
            first = vars(owner).get(name)
            if first is not None:
                first_name = first.own_name if isinstance(first, Alias) else name
                raise TypeError(f"{owner.__name__} has two methods for {name}: {first_name} and {own_name}")
            setattr(owner, name, Alias(own_name))
        setattr(owner, own_name, self.function)
        if hasattr(type(self.function), "__set_name__"):
            self.function.__set_name__(owner, own_name)


class Alias:
    """A second name of a method: reading it reads the method, also one of a subclass."""

    def __init__(self, own_name: str) -> None:
        self.own_name = own_name

    def __get__(self, instance: object, owner: type) -> Any:
        return getattr(owner if instance is None else instance, self.own_name)


class Component:
    """Optional base class with every method that a component may define.

    The constructor and the methods run on one thread unless ``--threads`` says otherwise. ``X`` is a
    NumPy array for ``data``, ``str``, ``bytes``, or a JSON value; ``features_names`` are the request's
    names, ``[]`` by default. A method may omit arguments from the right; the runtime passes ``meta``,
    ``metas`` and ``routing`` by keyword, and only to methods that take them.
    """

    def load(self) -> None:
        """Load the model. Called once after the constructor, before the first request.

        This one does nothing, so that a class may call ``super().load()``.
        """

    def predict(self, X: Any, features_names: Sequence[str], meta: Mapping[str, Any] | None = None) -> Any:
        """Return an array or list (``data``), ``str``, ``bytes``, ``dict`` or :class:`Response`."""
        raise SeldonNotImplementedError

    def infer(self, inputs: Mapping[str, Any], parameters: Mapping[str, Any] | None = None) -> Any:
        """Return a dict of arrays or lists, an array or :class:`Response` for arrays by name.

        Text in the arrays is ``bytes``. Protocols with named tensors call it in place of ``predict``.
        """
        raise SeldonNotImplementedError

    def transform_input(
        self, X: Any, features_names: Sequence[str], meta: Mapping[str, Any] | None = None
    ) -> Any:
        """Change a request on its way to a model."""
        raise SeldonNotImplementedError

    def transform_output(
        self, X: Any, features_names: Sequence[str], meta: Mapping[str, Any] | None = None
    ) -> Any:
        """Change an answer on its way back."""
        raise SeldonNotImplementedError

    def route(self, X: Any, features_names: Sequence[str], meta: Mapping[str, Any] | None = None) -> Any:
        """Return the number of the child that receives the request (an ``int``; -1 for all children)."""
        raise SeldonNotImplementedError

    def aggregate(
        self,
        features_list: Sequence[Any],
        names_list: Sequence[Sequence[str]],
        metas: Sequence[Mapping[str, Any] | None] | None = None,
    ) -> Any:
        """Combine the answers of several children into one; ``metas`` has the meta of each answer."""
        raise SeldonNotImplementedError

    def score(self, X: Any, features_names: Sequence[str] | None) -> Any:
        """Return one score for each row; the answer is the request with ``meta.tags.outlierScore``."""
        raise SeldonNotImplementedError

    def send_feedback(
        self,
        features: Any,
        features_names: Sequence[str],
        reward: float,
        truth: Any,
        routing: int | None = None,
    ) -> Any:
        """Learn from a reward. ``features`` and ``truth`` are empty arrays when absent."""
        raise SeldonNotImplementedError

    def class_names(self) -> Sequence[str]:
        """Return the names of the answer's columns, if it has two or more dimensions. May be an attribute."""
        raise SeldonNotImplementedError

    def feature_names(self) -> Sequence[str]:
        """Return the names of the columns of ``transform_input``, if they differ from ``class_names``."""
        raise SeldonNotImplementedError

    def tags(self) -> Mapping[str, Any]:
        """Return tags to add to every answer. May be an attribute."""
        raise SeldonNotImplementedError

    def metrics(self) -> Sequence[Mapping[str, Any]]:
        """Return metrics of the call that has just run. May be an attribute."""
        raise SeldonNotImplementedError

    def health_status(self) -> Any:
        """Return the payload of ``/health/status``; raise an exception when not healthy."""
        raise SeldonNotImplementedError

    def init_metadata(self) -> Mapping[str, Any]:
        """Return name, versions, platform, inputs, outputs, custom. Called once at the start."""
        raise SeldonNotImplementedError

    def predict_raw(self, request: Any) -> Any:
        """Answer a request in its wire format, a parsed JSON object or a protobuf message.

        A ``*_raw`` method that raises SeldonNotImplementedError, as this one does, leaves the call to the
        plain method.
        """
        raise SeldonNotImplementedError

    def transform_input_raw(self, request: Any) -> Any:
        """Answer as :meth:`predict_raw` does, for ``transform_input``."""
        raise SeldonNotImplementedError

    def transform_output_raw(self, request: Any) -> Any:
        """Answer as :meth:`predict_raw` does, for ``transform_output``."""
        raise SeldonNotImplementedError

    def route_raw(self, request: Any) -> Any:
        """Answer as :meth:`predict_raw` does, for ``route``."""
        raise SeldonNotImplementedError

    def aggregate_raw(self, request: Any) -> Any:
        """Answer as :meth:`predict_raw` does, for ``aggregate``."""
        raise SeldonNotImplementedError

    def send_feedback_raw(self, feedback: Any) -> Any:
        """Answer as :meth:`predict_raw` does, for ``send_feedback``."""
        raise SeldonNotImplementedError

    def health_status_raw(self) -> Any:
        """Answer as :meth:`predict_raw` does, for ``health_status``."""
        raise SeldonNotImplementedError
