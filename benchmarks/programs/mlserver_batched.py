"""The component of ``Batched.py`` for MLServer and its adaptive batching; its event loop stays free."""

import asyncio

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Batched(MLModel):
    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        array = NumpyCodec.decode_input(payload.inputs[0])
        await asyncio.sleep(0.005 + 0.0001 * len(array))
        output = NumpyCodec.encode_output("output", array)
        return InferenceResponse(model_name=self.name, outputs=[output])
