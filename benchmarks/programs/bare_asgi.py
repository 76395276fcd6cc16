"""The smallest comparable server: the same JSON and NumPy work in an ASGI application, and nothing else.

python bare_asgi.py PORT
"""

import numpy as np
import orjson
from asgi_start import serve


async def app(scope, receive, send):
    body = b""
    more = scope["method"] == "POST"
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    answer = b"{}"
    if body:
        array = np.array(orjson.loads(body)["data"]["ndarray"])
        names = [f"t:{column}" for column in range(array.shape[1])]
        answer = orjson.dumps(
            {"data": {"names": names, "ndarray": array}, "meta": {}}, option=orjson.OPT_SERIALIZE_NUMPY
        )
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    serve(app)
