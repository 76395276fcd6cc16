"""The component of ``Yields.py``, with an async generator."""

from Yields import Yields


class YieldsAsync:
    async def predict(self, X, features_names):
        for item in Yields().predict(X, features_names):
            yield item
