"""Custom metrics: functions that create them for ``metrics()``, and the object that counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from seldon_core import env_utils
from seldon_core.flask_utils import SeldonMicroserviceException
from seldon_runtime.plugin import ErrorCode, Method, Metric

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

    from seldon_runtime_metrics.embedded import EmbeddedMetrics

COUNTER, GAUGE, TIMER = "COUNTER", "GAUGE", "TIMER"

PREDICT_METRIC_METHOD_TAG = Method.PREDICT.label
INPUT_TRANSFORM_METRIC_METHOD_TAG = Method.TRANSFORM_INPUT.label
OUTPUT_TRANSFORM_METRIC_METHOD_TAG = Method.TRANSFORM_OUTPUT.label
ROUTER_METRIC_METHOD_TAG = Method.ROUTE.label
AGGREGATE_METRIC_METHOD_TAG = Method.AGGREGATE.label
FEEDBACK_METRIC_METHOD_TAG = Method.SEND_FEEDBACK.label
HEALTH_METRIC_METHOD_TAG = Method.HEALTH_STATUS.label

_METHODS = {method.label: method for method in Method}


def split_image_tag(tag: str) -> tuple[str, str]:
    """Return name and version of an image; the version is empty without a tag."""
    name, colon, version = tag.rpartition(":")
    return (name, version) if colon and "/" not in version else (tag, "")


def _default_labels() -> dict[str, str]:
    deployment, (image, version) = (
        env_utils.get_deployment_name(),
        split_image_tag(env_utils.get_image_name()),
    )
    return {
        "deployment_name": deployment,
        "model_name": env_utils.get_model_name(),
        "model_image": image,
        "model_version": version,
        "predictor_name": env_utils.get_predictor_name(),
        "predictor_version": env_utils.get_predictor_version(),
        "seldon_deployment_name": deployment,
        "image_name": image,
        "image_version": version,
    }


DEFAULT_LABELS = _default_labels()
"""The labels of every custom metric, besides ``method``; no ``worker_id``, for workers' values are merged."""


def validate_metrics(metrics: object) -> bool:
    """Return whether this is a list of valid metrics."""
    return isinstance(metrics, list | tuple) and all(map(_is_valid, metrics))


def _is_valid(metric: object) -> bool:
    if not isinstance(metric, Mapping) or metric.get("type") not in (COUNTER, GAUGE, TIMER):
        return False
    return isinstance(metric.get("key"), str) and isinstance(metric.get("value"), Real)


class SeldonMetrics:
    """Counts custom metrics and rewards in memory. Thread-safe.

    Args:
        worker_id_func: accepted for compatibility; series have no label ``worker_id``.
        extra_default_labels: more labels of every metric.
    """

    def __init__(
        self,
        worker_id_func: Callable[[], Any] | None = None,
        extra_default_labels: Mapping[str, str] | None = None,
    ) -> None:
        self.worker_id_func = worker_id_func
        self._labels = dict(extra_default_labels or {})
        self._made: EmbeddedMetrics | None = None

    @property
    def _counted(self) -> EmbeddedMetrics:
        if self._made is None:
            from seldon_runtime_metrics.embedded import EmbeddedMetrics  # prometheus-client takes time

            self._made = EmbeddedMetrics(env_utils.identity(), self._labels)
        return self._made

    def update(self, custom_metrics: Sequence[Mapping[str, Any]], method: str) -> None:
        """Count the metrics of a call.

        Args:
            custom_metrics: metrics, as ``create_counter`` and the others make them.
            method: the label ``method``, such as ``predict``.

        Raises:
            SeldonMicroserviceException: a metric is invalid; then none counts.
            ValueError: no method has this label.
        """
        if not validate_metrics(custom_metrics):
            raise SeldonMicroserviceException(
                f"invalid custom metrics: {custom_metrics!r:.200}; expected a list of metrics with type, key "
                "and value",
                status_code=500,
                reason=ErrorCode.BAD_METRIC.value,
            )
        if method not in _METHODS:
            raise ValueError(f"the method is {method!r}, expected {', '.join(_METHODS)}")
        self.count(_METHODS[method], list(map(_neutral, custom_metrics)))

    def count(self, method: Method, metrics: Sequence[Metric]) -> None:
        """Count valid metrics of a call."""
        if metrics:
            self._counted.count(method, metrics)

    def update_reward(self, reward: float) -> None:
        """Count a feedback and its reward."""
        if reward:
            self._counted.count_reward(reward)

    def collect(self) -> Iterable[Family]:
        """Return the metrics as families of prometheus-client."""
        return self._counted.collect()

    def generate_metrics(self) -> tuple[str, str]:
        """Return the text of a Prometheus page and its content type."""
        text, content_type = self._counted.page()
        return text.decode(), content_type

    def clear(self) -> None:
        """Forget everything counted."""
        self._made = None


def _neutral(metric: Mapping[str, Any]) -> Metric:
    tags = {str(name): str(value) for name, value in (metric.get("tags") or {}).items()}
    return Metric(metric["key"], metric["type"], float(metric["value"]), tags)


def create_counter(key: str, value: float, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a counter to which ``value`` is added."""
    return _metric(COUNTER, key, value, tags)


def create_gauge(key: str, value: float, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a gauge that is set to ``value``."""
    return _metric(GAUGE, key, value, tags)


def create_timer(key: str, value: float, tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return a timer of ``value`` milliseconds."""
    return _metric(TIMER, key, value, tags)


def _metric(kind: str, key: str, value: float, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Return a metric.

    Raises:
        TypeError: ``value`` is not a number. Checked here, so that the traceback shows the caller.
    """
    value + 1
    metric = {"key": key, "type": kind, "value": value}
    return {**metric, "tags": dict(tags)} if tags else metric
