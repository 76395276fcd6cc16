"""A component whose calls await and share batches, and two of whose methods stream."""

import asyncio


class Mixed:
    async def predict(self, X, features_names):
        await asyncio.sleep(0.002)
        return X * 2

    def transform_input(self, X, features_names):
        for number in range(20):
            yield X + number

    async def transform_output(self, X, features_names):
        for number in range(20):
            await asyncio.sleep(0.001)
            yield X + number
