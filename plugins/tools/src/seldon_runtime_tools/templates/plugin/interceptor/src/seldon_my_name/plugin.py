"""The hooks of the plugin, and its interceptor: calls need a bearer token (RFC 6750)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

import click

from seldon_runtime.plugin import (
    Call,
    ErrorCode,
    Interceptor,
    SeldonError,
    Settings,
    StartupError,
    hookimpl,
    option,
)


class MyNameInterceptor(Interceptor):
    """Admits calls with the token.

    Override ``before`` to alter requests or to answer them, ``after`` to alter answers, and ``finished`` to
    release the resources of ``admit``.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def admit(self, call: Call) -> None:
        """Raise SeldonError to refuse a call. Runs on the transport's thread: never block."""
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise _refusal("a bearer token is needed", 'Bearer realm="my-name"')
        if not hmac.compare_digest(given.encode(), self._token):
            raise _refusal("the token is not valid", 'Bearer realm="my-name", error="invalid_token"')


def _refusal(message: str, challenge: str) -> SeldonError:
    return SeldonError(message, code=ErrorCode.UNAUTHENTICATED, headers={"WWW-Authenticate": challenge})


@hookimpl
def seldon_options() -> Sequence[click.Option]:
    """Return the options; the hook below finds their values in ``settings["my_name_token"]`` and so on."""
    return [
        option(
            "--my-name-token",
            envvar="SELDON_MY_NAME_TOKEN",
            default="",
            help="Token that calls need.",
        )
    ]


@hookimpl
def seldon_interceptor(settings: Settings) -> Interceptor:
    """Return the interceptor. Raise StartupError without a token."""
    if not settings["my_name_token"]:
        raise StartupError("my-name has no token: set SELDON_MY_NAME_TOKEN")
    return MyNameInterceptor(settings["my_name_token"])
