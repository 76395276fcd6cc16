"""The parts that several programs share: each of them is one ASGI application."""

import sys

import uvicorn


async def body_of(scope, receive):
    """Return the body of a request; an empty one of other methods than POST."""
    parts = []
    more = scope["method"] == "POST"
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def answer(send, body, media_type):
    """Send a response with a body of this media type."""
    headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serve(app):
    """Serve an application on the port of the command line, with nothing beside it."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
        lifespan="off",
        ws="none",
    )
