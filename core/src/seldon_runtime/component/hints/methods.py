"""The requests of methods with type hints, converted before the method runs."""

from __future__ import annotations

import inspect
import logging
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from seldon_runtime.component.hints.choice import bare, conversion_for
from seldon_runtime.component.hints.described import described
from seldon_runtime.component.hints.input_check import Entries, InputCheck
from seldon_runtime.component.hints.misuse import misuse_of, shown_hint
from seldon_runtime.component.hints.places import Convert
from seldon_runtime.component.inspection.annotations import annotations_by_name
from seldon_runtime.component.signature import ARGUMENTS, name_of
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.message import Feedback, Message, Payload, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.settings.derived import limits_from
from seldon_runtime.settings.values import Settings

logger = logging.getLogger(__name__)

_NO_EFFECT = "the type hint %s of %s in %s has no effect: %s"
Run = Callable[[Any], Any]
_CHECKED = (Method.PREDICT, Method.TRANSFORM_INPUT, Method.ROUTE)
"""The methods whose requests are the inputs of the metadata."""
ConvertRequest = Callable[[Any], Any]
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Hints:
    """The use of type hints for one component.

    Args:
        limits: the most values of an array or an image that a conversion makes.
        convert: False to leave hints without effect.
        check_inputs: True to check requests against the inputs of the metadata.
    """

    def __init__(self, limits: Limits, *, convert: bool = True, check_inputs: bool = False) -> None:
        self._limits = limits
        self._check_inputs = check_inputs
        self._convert = convert
        self._told: set[tuple[str, str, str, str]] = set()

    def conversion(
        self, function: Callable[..., Any] | None, argument: str, positional: Sequence[str] = ("X",)
    ) -> Convert | None:
        """Return the conversion for an argument of a user's method; None if its hint asks for none."""
        hint = self.hint(function, argument, positional)
        if (reason := misuse_of(bare(hint))) is not None:
            self._tell((shown_hint(hint), argument, name_of(function), reason))
            return None
        return None if hint is None else conversion_for(hint, self._limits)

    def _tell(self, warning: tuple[str, str, str, str]) -> None:
        """Log a warning once, though the methods are read again after ``load()``."""
        if warning not in self._told:
            self._told.add(warning)
            logger.warning(_NO_EFFECT, *warning)

    def hint(
        self, function: Callable[..., Any] | None, argument: str, positional: Sequence[str] = ("X",)
    ) -> Any:
        """Return the hint of an argument, by its name or by its position; None without one."""
        if function is None or not self._convert:
            return None
        hints = annotations_by_name(function)
        if argument in hints:
            return hints[argument]
        index = list(positional).index(argument)
        return list(hints.values())[index] if index < len(hints) else None

    @classmethod
    def of(cls, settings: Settings) -> Hints:
        """Return the use that the settings choose."""
        return cls(
            limits_from(settings),
            convert=settings["type_hints"] == "convert",
            check_inputs=settings["check_inputs"],
        )

    def checked(self, runs: dict[Method, Run], inputs: Entries) -> dict[Method, Run]:
        """Return the functions of methods, with a check of the declared inputs before them if chosen."""
        if not self._check_inputs or not inputs:
            return runs
        check = InputCheck(inputs)
        return runs | {method: converted(check, runs[method]) for method in _CHECKED}

    def described(self, function: Callable[..., Any] | None) -> Mapping[str, Any]:
        """Return the inputs and outputs of a method for the metadata, as far as its hints tell."""
        return described(function) if self._convert else {}

    def of_request(self, method: Method, function: Callable[..., Any] | None) -> ConvertRequest | None:
        """Return the conversion of the requests of a method; None if its hints ask for none."""
        names, _ = ARGUMENTS[method]
        if not names:
            return None
        if method is Method.SEND_FEEDBACK:
            features = self.conversion(function, "features", names)
            truth = self.conversion(function, "truth", names)
            return _feedback(features, truth) if features or truth else None
        if method is Method.AGGREGATE:
            hint = self.hint(function, names[0], names)
            parts = typing.get_args(hint) if typing.get_origin(hint) is list else ()
            each = conversion_for(parts[0], self._limits) if parts else None
            return None if each is None else partial(_messages, each)
        convert = self.conversion(function, names[0], names)
        return None if convert is None else partial(_message, convert)


def as_it_is(value: Any) -> Any:
    """Return an argument that a hint's conversion has made."""
    return value


def converted(change: ConvertRequest, run: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Return ``run`` with its requests converted."""

    def run_converted(request: Request) -> Any:
        return run(change(request))

    return run_converted


def _messages(convert: Convert, messages: list[Message]) -> list[Message]:
    return [_message(convert, message) for message in messages]


def _message(convert: Convert, message: Message) -> Message:
    payload = message.payload
    if payload is None:
        return message
    return replace(message, payload=Payload(payload.kind, convert(payload), payload.names))


def _feedback(features: Convert | None, truth: Convert | None) -> ConvertRequest:
    def change(feedback: Feedback) -> Feedback:
        return replace(
            feedback,
            request=_part(features, feedback.request),
            truth=_part(truth, feedback.truth),
        )

    return change


def _part(convert: Convert | None, message: Message | None) -> Message | None:
    return message if convert is None or message is None else _message(convert, message)
