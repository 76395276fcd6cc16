class First:
    """The model of today."""

    def predict(self, X, features_names):
        return X.sum(axis=1, keepdims=True)


class Second:
    """The model of tomorrow."""

    def predict(self, X, features_names):
        return X.mean(axis=1, keepdims=True)
