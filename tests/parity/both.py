"""REST and gRPC before one service, and a client of each."""

from __future__ import annotations

import http.client
import json
from typing import Any

import click
import grpc
from google.protobuf.json_format import ParseDict

from seldon_runtime import options
from seldon_runtime.component import Component
from seldon_runtime.executor import Executor
from seldon_runtime.identity import Identity, ServiceType
from seldon_runtime.service import Service
from seldon_runtime.settings import Settings
from seldon_runtime_grpc import plugin as grpc_plugin
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage, SeldonMessageList
from seldon_runtime_rest import plugin as rest_plugin

LIMIT_S = 30
METHODS = {
    "/predict": ("Seldon/Predict", SeldonMessage),
    "/transform-input": ("Transformer/TransformInput", SeldonMessage),
    "/transform-output": ("OutputTransformer/TransformOutput", SeldonMessage),
    "/route": ("Router/Route", SeldonMessage),
    "/aggregate": ("Combiner/Aggregate", SeldonMessageList),
    "/send-feedback": ("Generic/SendFeedback", Feedback),
}
"""REST's path, gRPC's service and method, and the message it takes."""

STATUS = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


class Both:
    """One service behind both transports, and a client for each."""

    def __init__(self, user: object, service_type: ServiceType) -> None:
        self.user = user
        self.executor = Executor()
        self.executor.start()
        component = Component(user, Identity(unit="unit", image="image:1"), service_type)
        self.service = Service(component, self.executor, metadata=component.metadata())
        values = default_settings()
        self.transports = [
            plugin.seldon_transport(self.service, values) for plugin in (rest_plugin, grpc_plugin)
        ]
        for transport in self.transports:
            transport.start()
        self.service.ready = True
        rest, grpc_address = (transport.address.partition("//")[2] for transport in self.transports)
        self.http = http.client.HTTPConnection(rest, timeout=LIMIT_S)
        self.channel = grpc.insecure_channel(grpc_address, options=[("grpc.enable_http_proxy", 0)])

    def by_rest(self, path: str, request: Any) -> Any:
        """The message that the JSON answer stands for; of an error its status, reason and text."""
        self.http.request("POST", path, json.dumps(request), {"Content-Type": "application/json"})
        response = self.http.getresponse()
        body = json.loads(response.read())
        if response.status == 200:
            return ParseDict(body, SeldonMessage(), descriptor_pool=POOL)
        return STATUS[response.status], body["status"]["reason"], body["status"]["info"]

    def by_grpc(self, path: str, request: Any) -> Any:
        """The same by gRPC."""
        method, kind = METHODS[path]
        call = self.channel.unary_unary(f"/seldon.protos.{method}")
        message = ParseDict(request, kind(), descriptor_pool=POOL)
        try:
            answer = call(message.SerializeToString(), timeout=LIMIT_S)
        except grpc.RpcError as error:
            reason = dict(error.trailing_metadata())["x-seldon-reason"]
            return error.code().name, reason, error.details()
        return SeldonMessage.FromString(answer)

    def stop(self) -> None:
        self.http.close()
        self.channel.close()
        for transport in self.transports:
            transport.stop_accepting()
        for transport in self.transports:
            transport.stop(LIMIT_S)
        self.executor.stop(LIMIT_S)


def default_settings() -> Settings:
    params = [*options.options(), *rest_plugin.seldon_options(), *grpc_plugin.seldon_options()]
    context = click.Command("seldon-run", params=list(params)).make_context(
        "seldon-run", ["--host", "127.0.0.1", "--http-port", "0", "--grpc-port", "0"]
    )
    return Settings(context.params, ("rest", "grpc"))
