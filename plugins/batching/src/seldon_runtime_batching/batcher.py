"""The batcher: sorts waiting requests by what fits together, and answers each group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

from seldon_runtime.plugin import (
    Batcher,
    Call,
    Identity,
    Message,
    Method,
    Predict,
    Request,
    SeldonError,
    Stream,
)
from seldon_runtime_batching.marks import Marks
from seldon_runtime_batching.pace import Pace
from seldon_runtime_batching.prediction import Answers, Policy, alone, answers
from seldon_runtime_batching.request_lists import RequestLists
from seldon_runtime_batching.rows import layout


class RowBatcher(Batcher):
    """Answers the requests that wait by one call of the user's method for each layout.

    Calls of all transports and protocols share batches, as far as their requests fit together.

    Args:
        marks: the marks of the class for batches.
        policy: sizes, and what happens after errors.
        identity: the component's names, for the answers of ``predict_batch``.
        max_wait_s: seconds that a call may wait for others while the component is idle.
    """

    def __init__(self, marks: Marks, policy: Policy, identity: Identity, max_wait_s: float) -> None:
        self.max_size = policy.most_rows
        self.max_wait_s = max_wait_s
        self._marks = marks
        self._policy = policy
        self._pace = Pace()
        self._lists = RequestLists(marks, policy, identity) if marks.predict_batch is not None else None

    def group(self, call: Call) -> Hashable | None:
        """Return one group for each method, since requests are not read yet.

        Calls of other methods, and most calls of a quick component, run alone.
        """
        if call.method not in self._marks.methods or self._pace.is_quick():
            return None
        return call.method

    def predict(
        self, method: Method, requests: Sequence[Request], predict: Predict
    ) -> Sequence[Message | Stream | SeldonError]:
        """Return the answer or error of each request, in their order."""
        messages: Sequence[Message] = requests  # type: ignore[assignment]
        if self._lists is not None and method is Method.PREDICT:
            return self._lists.answers(messages)
        if len(messages) == 1:
            return self._group(method, messages, predict)
        alike: defaultdict[Hashable, list[int]] = defaultdict(list)
        for place, request in enumerate(messages):
            key = self._layout(method, request)
            alike[place if key is None else key].append(place)
        found: dict[int, Message | Stream | SeldonError] = {}
        for places in alike.values():
            group = [messages[place] for place in places]
            given = self._group(method, group, predict)
            found.update(zip(places, given, strict=True))
        return [found[place] for place in range(len(messages))]

    def _layout(self, method: Method, request: Message) -> Hashable | None:
        if method in self._marks.meta_readers and request.given_meta:
            return None
        return layout(request)

    def _group(self, method: Method, requests: Sequence[Message], predict: Predict) -> Answers:
        measured = self._pace.measured(predict)
        if len(requests) == 1:
            return [alone(method, requests[0], measured)]
        return answers(self._policy, method, requests, measured)
