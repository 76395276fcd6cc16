"""The smallest server of bytes: an ASGI application that returns the body of the request.

python bare_echo.py PORT
"""

from asgi_parts import answer, body_of, serve


async def app(scope, receive, send):
    await answer(send, await body_of(scope, receive), b"application/octet-stream")


if __name__ == "__main__":
    serve(app)
