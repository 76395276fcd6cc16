"""The REST transport of the seldon runtime: an HTTP/1.1 server of its own before one service.

Plugins import :mod:`seldon_runtime_rest.extension`, and programs that embed the service in another server
:mod:`seldon_runtime_rest.asgi`. Everything here runs on the thread of the server's event loop, except for
:mod:`.flask_bridge` and the codecs.
"""
