"""The service: it asks several models at the same time, and answers with the mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seldon_runtime.plugin import (
    DATA_KINDS,
    Ask,
    Call,
    ComposedService,
    ErrorCode,
    Message,
    Method,
    Request,
    SeldonError,
    Steps,
)


class MyNameService(ComposedService):
    """Several models behind one entrance, each on its own thread."""

    def steps(self, call: Call, request: Request) -> Steps:
        """Yield what to ask of which component; return the answer. Must not block."""
        if call.method not in (Method.PREDICT, Method.SEND_FEEDBACK):
            raise SeldonError(f"my-name does not answer {call.method.value}", code=ErrorCode.NOT_IMPLEMENTED)
        answers = yield [Ask(unit, call.method, request) for unit in self.units]
        return _joined(answers) if call.method is Method.SEND_FEEDBACK else _mean(answers)


def _joined(answers: Sequence[Message]) -> Message:
    """Return the first answer, with the tags and metrics of all."""
    tags = {name: value for answer in answers for name, value in answer.meta.tags.items()}
    shown = [metric for answer in answers for metric in answer.meta.metrics]
    counted = [metric for answer in answers for metric in answer.metrics]
    return replace(answers[0], meta=replace(answers[0].meta, tags=tags, metrics=shown), metrics=counted)


def _mean(answers: Sequence[Message]) -> Message:
    """Return the joined answer, with the mean in place of the numbers of the first."""
    payloads = [answer.payload for answer in answers if answer.payload is not None]
    if any(payload.kind not in DATA_KINDS for payload in payloads):
        raise _not_alike("some are not arrays")
    try:
        mean = np.mean([payload.value for payload in payloads], axis=0)
    except (TypeError, ValueError) as error:
        raise _not_alike(str(error)) from error
    return replace(_joined(answers), payload=replace(payloads[0], value=mean))


def _not_alike(reason: str) -> SeldonError:
    return SeldonError(f"the answers of the models have no mean: {reason}", code=ErrorCode.COMPONENT_FAILED)
