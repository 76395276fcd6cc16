"""The user's object as a predictor: its methods, and how each call uses them.

The constructor inspects the class, and inspects it once more after the user's ``load()``; a call
only looks the results up. All methods run on the component's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from seldon_runtime.component import metadata, raw_methods
from seldon_runtime.component.arrays.calls import NamedArrays
from seldon_runtime.component.calls import unfinished as later
from seldon_runtime.component.calls.answers import Answers
from seldon_runtime.component.calls.items import Finish
from seldon_runtime.component.calls.plain import PlainCalls
from seldon_runtime.component.calls.transforms import MAY_BE_ABSENT, Result, array_call
from seldon_runtime.component.calls.unfinished import is_unfinished
from seldon_runtime.component.hints.methods import ConvertRequest, Hints, as_it_is, converted
from seldon_runtime.component.inspection.defined_methods import (
    has_async,
    refuse_unsupported,
    streamed_methods,
)
from seldon_runtime.component.inspection.received_arrays import FLOAT64, ArrayReading, Receive
from seldon_runtime.component.inspection.service_types import METHODS_OF, fitting_types, missing_method
from seldon_runtime.component.outlier_detector import OutlierDetector
from seldon_runtime.component.response_meta import ResponseMeta
from seldon_runtime.component.signature import ARGUMENTS, Invoke, adapt, failing
from seldon_runtime.component.user_object import UserObject, call_optional, call_user
from seldon_runtime.errors import ComponentFailed, StartupError
from seldon_runtime.inference.arrays.columns import Columns
from seldon_runtime.inference.codec import Codec, RawCodec
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.inference.limits import DEFAULT_ARRAY_VALUES, Limits
from seldon_runtime.inference.message import ARRAYS, Message, Meta, Payload, Request
from seldon_runtime.inference.method import USER_METHODS, Method
from seldon_runtime.inference.predictor import ArrayCall, Predictor, Stream, WireMethod

logger = logging.getLogger(__name__)

Answer = Message | Stream | Awaitable[Message | Stream]


class ComponentAdapter(Predictor):
    """The predictor that calls one user object.

    Args:
        user: an instance of the user's class.
        identity: the component's names in its deployment.
        service_type: OUTLIER_DETECTOR makes ``transform_input`` call ``score``.
        show_metrics: True to show the component's own metrics in answers.
        wires: suffixes of the older wire methods that count as a method, such as ``rest``.
        metadata_override: MODEL_METADATA, JSON or YAML; its members override those of ``init_metadata()``.
        reading: the choice of the arrays that methods receive; by default those of the v1 protocol.
        max_array_values: the most values of a sparse array in an answer, zeros included.
        hints: the use of the methods' type hints.

    Raises:
        StartupError: a method needs arguments that the runtime never passes, or is a function of a kind that
            the runtime does not call.
        ComponentFailed: an attribute of the class cannot be read.
    """

    takes_arrays = True

    def __init__(
        self,
        user: object,
        identity: Identity | None = None,
        service_type: ServiceType = ServiceType.MODEL,
        *,
        show_metrics: bool = True,
        wires: Sequence[str] = (),
        metadata_override: str = "",
        reading: ArrayReading | None = None,
        max_array_values: int = DEFAULT_ARRAY_VALUES,
        hints: Hints | None = None,
    ) -> None:
        self.user = user
        self.identity = identity or Identity()
        self.service_type = service_type
        self._object = UserObject(user)
        self._scores = service_type is ServiceType.OUTLIER_DETECTOR
        self._show_metrics = show_metrics
        self._metadata_override = metadata_override
        self._reading = reading or ArrayReading()
        self._max_array_values = max_array_values
        self._hints = hints or Hints(Limits(max_array_values=max_array_values))
        self._forms = ("", "_raw", *(f"_{wire}" for wire in wires))
        self._inspect()

    def _inspect(self) -> None:
        self._misfits: dict[str, str] = {}
        self._init_metadata = self._object.find_without_arguments("init_metadata")
        self._response_meta = ResponseMeta(self._object, self.identity, show_metrics=self._show_metrics)
        refuse_unsupported(self._object)
        self.is_async = has_async(self._object)
        self.streamed = streamed_methods(self._object)
        self._plain: dict[Method, Invoke] = {}
        self._receive: dict[Method, Receive] = {}
        changes: dict[Method, ConvertRequest] = {}
        for method, (arguments, keyword) in ARGUMENTS.items():
            function = self._object.find(method.value)
            change = self._hints.of_request(method, function)
            if change is not None:
                changes[method] = change
            self._receive[method] = self._reading.receive(function) if change is None else as_it_is
            if function is not None:
                self._plain[method] = self._adapted(method, function, arguments, keyword)
        self._arrays = NamedArrays(
            self._object, self._plain, self._response_meta, changes, self._max_array_values
        )
        self._detector = (
            OutlierDetector(self._object, self._response_meta, self._reading, self._hints)
            if self._scores
            else None
        )
        self._calls = PlainCalls(self._object.class_name, self.identity.unit, self._plain, self._receive)
        self._answers = Answers(self._response_meta, self._completed, self._max_array_values)
        self._run: dict[Method, Callable[[Any], Result]] = self._calls.functions()
        """The function for each method, which calls the user's method with a decoded request."""
        if self._arrays.has_infer and Method.PREDICT not in self._plain:
            self._run[Method.PREDICT] = self._arrays.infer
        self._run |= {method: converted(change, self._run[method]) for method, change in changes.items()}
        self._unchecked = self._run
        needs_more = changes.keys() | ({Method.TRANSFORM_INPUT} if self._detector is not None else set())
        self._array_calls = {
            method: array_call(method, self._plain[method], self._response_meta, self._answers)
            for method in (MAY_BE_ABSENT & self._plain.keys()) - needs_more
        }
        has_score = self._detector is not None and self._detector.has_score
        self._methods = frozenset(
            method
            for method in USER_METHODS
            if self._object.has_any([method.value], self._forms)
            or (method is Method.TRANSFORM_INPUT and has_score)
            or (method is Method.PREDICT and self._arrays.has_infer)
        )

    def _adapted(
        self, method: Method, function: Callable[..., Any], arguments: tuple[str, ...], keyword: str | None
    ) -> Invoke:
        """Return the function to call. Outside the service type it may be a helper with another signature."""
        try:
            return adapt(function, arguments, keyword)
        except StartupError as error:
            if method.value in METHODS_OF[self.service_type]:
                raise
            self._misfits[method.value] = f"{error} Until then its calls fail"
            return failing(str(error))

    @property
    def misfits(self) -> Sequence[str]:
        """The reasons why methods of the class cannot be called, or are not called, for warnings."""
        return [*self._misfits.values(), *self._object.misfits, *self._arrays.misfits]

    @property
    def methods(self) -> frozenset[Method]:
        """The methods that the class defines: plain, raw, or of older wires. ``infer`` counts as PREDICT."""
        return self._methods

    @property
    def has_infer(self) -> bool:
        """True if the class defines ``infer``."""
        return self._arrays.has_infer

    @property
    def health_is_fixed(self) -> bool:
        """True if HEALTH_STATUS runs no user code, and so need not wait for the component's thread."""
        return Method.HEALTH_STATUS not in self.methods and not self._response_meta.asks_user

    @property
    def missing_method(self) -> str | None:
        """The method that the service type requires and the class lacks, for a warning; else None."""
        return missing_method(self._object, self.service_type, self._forms)

    @property
    def fitting_types(self) -> list[ServiceType]:
        """The service types that the class fits, for the same warning."""
        return fitting_types(self._object, self._forms)

    def load(self) -> None:
        """Run the user's ``load()``, if any; it may set methods. NotImplementedError counts as absent.

        Raises:
            ComponentFailed: ``load()`` raised.
            StartupError: a method that it set needs arguments that the runtime never passes.
        """
        try:
            load = self._object.find("load")
            result: Any = None if load is None else call_user(load)
            if is_unfinished(result):
                later.run_to_end(result)
        except ComponentFailed as error:
            if not isinstance(error.__cause__, NotImplementedError):
                raise
            logger.warning("%s raised NotImplementedError: it counts as absent", error.where, exc_info=error)
        self._inspect()

    def metadata(self) -> dict[str, Any]:
        """Return the component's metadata document; calls ``init_metadata()``.

        Raises:
            SeldonError: BAD_METADATA; ComponentFailed when ``init_metadata`` raised.
            StartupError: MODEL_METADATA is not a mapping.
        """
        own = call_optional(self._init_metadata)
        hinted = self._hints.described(self._object.find_any(METHODS_OF[self.service_type]))
        document = metadata.describe(self.identity.image, own, self._metadata_override, hinted)
        inputs = document["inputs"]
        is_hinted = inputs == hinted.get("inputs")  # then the conversion checks them, in each of their forms
        self._run = self._hints.checked(self._unchecked, [] if is_hinted else inputs)
        checked = {method for method, run in self._run.items() if run is not self._unchecked[method]}
        self._array_calls = {m: call for m, call in self._array_calls.items() if m not in checked}
        self._arrays.declare(document)
        return document

    def predict(self, method: Method, request: Request) -> Answer:
        """Return what :meth:`answer` returns."""
        return self.answer(method, request)

    def answer(self, method: Method, request: Request) -> Answer:
        """Call the user's method and pack its result, or answer as the protocol prescribes. Blocks meanwhile.

        Returns:
            The answer; for an async method, a coroutine that returns it; for a generator, a stream.

        Raises:
            SeldonError: raised by user code; ComponentFailed for any other exception of user code.
        """
        array_call = self._array_calls.get(method)
        if array_call is not None:
            asked: Any = request
            payload = asked.payload
            value = payload.value
            if type(value) is np.ndarray and value.dtype is FLOAT64:
                answer: Any = array_call(value, payload.names, payload.kind, asked.given_meta, asked)
                return self._answers.beside(answer, asked.meta) if type(answer) is Payload else answer
        finish: Finish
        if self._detector is not None and method is Method.TRANSFORM_INPUT:
            finish, result = partial(self._detector.answer, request), self._detector.scores(request)  # type: ignore[arg-type]
            return (
                later.answer_of(result, method, finish) if later.is_answered_later(result) else finish(result)
            )
        if (
            method in MAY_BE_ABSENT
            and request.payload.kind is ARRAYS  # type: ignore[union-attr]
            and type(request.payload.value) is not Columns  # type: ignore[union-attr]
        ):
            return self._answer_arrays(method, request)  # type: ignore[arg-type]
        result, kind, metas = self._run[method](request)
        if kind is ARRAYS and method is Method.AGGREGATE:
            if later.is_answered_later(result):
                return self._later_arrays(method, metas, result, partial(self._calls.absent, method, request))
            return self._arrays.message(method, metas, result)
        return self._answers.of(method, kind, metas, result, self._calls.absent, request)

    def array_call(self, method: Method) -> ArrayCall | None:
        """Return a function for a plain method whose requests need no conversion; None for any other."""
        return self._array_calls.get(method)

    def _answer_arrays(self, method: Method, request: Message) -> Answer:
        result = self._arrays.result(method, request)
        metas = (request.meta,)
        if later.is_answered_later(result):
            return self._later_arrays(method, metas, result, partial(self._arrays.absent, method, request))
        return self._arrays.message(method, metas, result)

    def _later_arrays(
        self, method: Method, metas: Sequence[Meta], result: Any, absent: Callable[[], Any]
    ) -> Answer:
        return later.answer_of(result, method, partial(self._arrays.message, method, metas), absent)

    def _completed(self, method: Method, result: Any) -> Any:
        """Return the result of an async method as if it were that of a plain one."""
        if method is Method.PREDICT and method not in self._plain:
            result = self._arrays.v1_form(result)
        return self._calls.completed(method, result)

    def wire_methods(self, codec: Codec) -> Mapping[Method, WireMethod]:
        """Return the raw methods of the class, and an outlier detector's ``transform_input``."""
        if not isinstance(codec, RawCodec):
            return {}
        return raw_methods.wire_methods(
            self._object, codec, show_metrics=self._show_metrics, detector=self._detector
        )
