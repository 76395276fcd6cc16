"""The interceptors that count custom metrics and rewards."""

from __future__ import annotations

from seldon_runtime.plugin import Call, Interceptor, Message, SeldonError
from seldon_runtime_metrics.custom.counting import CustomMetrics


class CustomMetricsInterceptor(Interceptor):
    """Counts the component's own metrics and rewards when a call is over, before the answer goes out.

    Without the phases ``before`` and ``after`` it costs a call next to nothing.

    Args:
        custom: counts the metrics and rewards.
        count_feedback: count rewards.
    """

    def __init__(self, custom: CustomMetrics, *, count_feedback: bool = True) -> None:
        self._custom = custom
        self._count_feedback = count_feedback

    def finished(self, call: Call, error: SeldonError | None) -> None:
        """Count the metrics that the component returned and the reward, also of a call that failed."""
        if call.metrics:
            self._custom.count(call.method, call.metrics)
        self._count_others(call)
        if call.reward:
            self._count_reward(call.reward)

    def _count_others(self, call: Call) -> None:
        """Count the metrics of the nodes of a graph, with the labels of each."""
        for identity, method, metrics in call.unit_metrics:
            self._custom.count(method, metrics, source=identity)

    def _count_reward(self, reward: float) -> None:
        if self._count_feedback:
            self._custom.count_reward(reward)


class StrictMetricsInterceptor(CustomMetricsInterceptor):
    """Counts custom metrics and rewards too, but fails a call that has an invalid metric.

    Calls without the phase ``after`` (raw methods, health) cannot fail any more: their invalid metrics
    are dropped.
    """

    def __init__(self, custom: CustomMetrics, *, count_feedback: bool = True) -> None:
        super().__init__(custom, count_feedback=count_feedback)
        self._counted: set[int] = set()  # calls by id; add and discard are atomic: no lock

    def after(self, call: Call, answer: Message) -> Message:
        """Count the metrics of an answer, or of an item of a stream, and return it unchanged.

        Raises:
            SeldonError: BAD_METRIC if one is invalid; then none is counted.
        """
        if answer.metrics:
            self._counted.add(id(call))
            self._custom.count(call.method, answer.metrics, strict=True)
        return answer

    def finished(self, call: Call, error: SeldonError | None) -> None:
        """Count the reward, and metrics that did not pass ``after``."""
        if id(call) in self._counted:
            self._counted.discard(id(call))
        elif call.metrics:
            self._custom.count(call.method, call.metrics)
        self._count_others(call)
        if call.reward:
            self._count_reward(call.reward)
