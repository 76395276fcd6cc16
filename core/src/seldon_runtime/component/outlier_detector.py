"""Outlier detectors, which answer the request itself with the scores of ``score`` in its meta."""

from __future__ import annotations

from typing import Any

import numpy as np

from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.component.inspection.received_arrays import ArrayReading
from seldon_runtime.component.response_meta import ResponseMeta
from seldon_runtime.component.result import plain
from seldon_runtime.component.signature import adapt
from seldon_runtime.component.user_api import Response
from seldon_runtime.component.user_object import UserObject, call_user
from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.arrays.named_arrays import as_single
from seldon_runtime.inference.message import Message, Meta, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.libraries.forms import conversion_of


class OutlierDetector:
    """The caller of a user object's ``score``, on the component's thread.

    Args:
        user: the user's object.
        response_meta: makes the tags and metrics beside the scores.
        reading: the choice of the arrays that ``score`` receives.
        hints: the use of its type hint.

    Raises:
        StartupError: ``score`` needs arguments that the runtime never passes.
    """

    def __init__(
        self, user: UserObject, response_meta: ResponseMeta, reading: ArrayReading, hints: Hints
    ) -> None:
        self._user = user
        self._response_meta = response_meta
        score = user.find("score")
        self._receive = reading.receive(score)
        self._convert = hints.conversion(score, "X")
        self._score = adapt(score, ("X", "features_names")) if score is not None else None

    @property
    def has_score(self) -> bool:
        """True if the class defines ``score``."""
        return self._score is not None

    def scores(self, request: Request) -> Any:
        """Return what ``score`` returns for a request.

        Raises:
            SeldonError: NOT_IMPLEMENTED without ``score``; raised by user code.
        """
        assert isinstance(request, Message)
        assert request.payload is not None
        if self._score is None:
            raise SeldonError(
                f"{self._user.class_name} has no method score, which an outlier detector needs",
                code=ErrorCode.NOT_IMPLEMENTED,
            )
        payload = as_single(request.payload)
        value = self._receive(payload.value) if self._convert is None else self._convert(payload)
        return call_user(self._score, value, payload.names or None)

    def annotation(self, scores: Any) -> Message:
        """Return the meta to add to the request: the scores as a tag, the component's tags and metrics.

        Raises:
            SeldonError: COMPONENT_FAILED when the scores are not a list.
        """
        if conversion_of(type(scores)) is not None and np.ndim(scores):
            scores = plain(scores)
        if not isinstance(scores, list | tuple):
            raise SeldonError(
                f"score returned {type(scores).__name__}, expected one number for each row",
                code=ErrorCode.COMPONENT_FAILED,
            )
        response = Response(None, tags={"outlierScore": list(scores)})
        meta, metrics = self._response_meta.meta(Method.TRANSFORM_INPUT, (), response)
        return Message(None, meta, None, metrics)

    def answer(self, request: Message, scores: Any) -> Message:
        """Return the request with the scores in its meta, for codecs without raw methods."""
        annotation = self.annotation(scores)
        own, added = request.meta, annotation.meta
        meta = Meta(
            puid=own.puid,
            tags={**own.tags, **added.tags},
            routing=own.routing,
            request_path={**own.request_path, **added.request_path},
            metrics=[*own.metrics, *added.metrics],
        )
        return Message(request.payload, meta, None, annotation.metrics)
