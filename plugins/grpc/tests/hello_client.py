"""A client of the toy service, and the component behind it."""

from __future__ import annotations

import grpc

from seldon_runtime.testing import WAIT_S

from . import hello


class Client:
    """A channel to a server."""

    def __init__(self, target: str) -> None:
        self.channel = grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)])

    def start(self, text: str, method: str = "Greet", timeout_s: float = WAIT_S, **options):
        rpc = self.channel.unary_unary(f"/acme.Hello/{method}")
        return rpc.future(hello.Greeting(text=text).SerializeToString(), timeout=timeout_s, **options)

    def greet(self, text: str) -> str:
        answered: str = hello.Greeting.FromString(self.start(text).result(WAIT_S)).text
        return answered

    def code(self, method: str) -> grpc.StatusCode:
        return self.start("x", method).code()


class Shout:
    def predict(self, X, features_names):
        return X.upper()
