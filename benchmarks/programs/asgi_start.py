"""The start of the programs that are one ASGI application."""

import sys

import uvicorn


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
