"""The smallest comparable server: the same JSON and NumPy work in an ASGI application, and nothing else.

python bare_asgi.py PORT
"""

import numpy as np
import orjson
from asgi_parts import answer, body_of, serve


async def app(scope, receive, send):
    body = await body_of(scope, receive)
    text = b"{}"
    if body:
        array = np.array(orjson.loads(body)["data"]["ndarray"])
        names = [f"t:{column}" for column in range(array.shape[1])]
        text = orjson.dumps(
            {"data": {"names": names, "ndarray": array}, "meta": {}}, option=orjson.OPT_SERIALIZE_NUMPY
        )
    await answer(send, text, b"application/json")


if __name__ == "__main__":
    serve(app)
