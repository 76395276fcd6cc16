"""Identities for BentoML that follow one another, each a service of its own.

bentoml serve bentoml_chain:First        three services
bentoml serve bentoml_chain:Third        one service
"""

import bentoml


@bentoml.service
class Third:
    @bentoml.api
    async def predict(self, instances: list[list[float]]) -> list[list[float]]:
        return instances


@bentoml.service
class Second:
    following = bentoml.depends(Third)

    @bentoml.api
    async def predict(self, instances: list[list[float]]) -> list[list[float]]:
        return await self.following.to_async.predict(instances)


@bentoml.service
class First:
    following = bentoml.depends(Second)

    @bentoml.api
    async def predict(self, instances: list[list[float]]) -> list[list[float]]:
        return await self.following.to_async.predict(instances)
