import time

from seldon_runtime import Response


class Orders:
    """Counts what it sees: metrics of a call go with its answer, and add up on the metrics page."""

    def predict(self, X, features_names):
        began = time.perf_counter()
        totals = X.sum(axis=1, keepdims=True)
        return Response(
            totals,
            metrics=[
                {"type": "COUNTER", "key": "orders", "value": len(X), "tags": {"shop": "main"}},
                {"type": "GAUGE", "key": "largest_order", "value": float(totals.max())},
                {"type": "TIMER", "key": "summing", "value": (time.perf_counter() - began) * 1000},
            ],
        )

    def metrics(self):
        """For metrics of every call there is this method."""
        return [{"type": "COUNTER", "key": "requests", "value": 1}]
