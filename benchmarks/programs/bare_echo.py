"""The smallest server of bytes: an ASGI application that returns the body of the request.

python bare_echo.py PORT
"""

from asgi_start import serve


async def app(scope, receive, send):
    parts = []
    more = scope["method"] == "POST"
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(parts)
    headers = [(b"content-type", b"application/octet-stream"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    serve(app)
