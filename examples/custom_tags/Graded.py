from seldon_runtime import Response


class Graded:
    """Says beside each answer which version gave it, and how sure it is."""

    version = "2026-11"

    def predict(self, X, features_names):
        probability = float(X.mean())
        return Response([[probability]], tags={"sure": probability > 0.9 or probability < 0.1})

    def tags(self):
        """Tags of every answer; those of a Response win."""
        return {"version": self.version, "sure": None}
