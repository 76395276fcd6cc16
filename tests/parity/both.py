"""REST and gRPC before one service, and a client of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import grpc
from google.protobuf.json_format import ParseDict

from seldon_runtime.component.adapter import ComponentAdapter
from seldon_runtime.component.hints.methods import Hints
from seldon_runtime.component.inspection.received_arrays import ArrayReading
from seldon_runtime.inference.identity import Identity, ServiceType
from seldon_runtime.plugin import OwnSockets
from seldon_runtime.plugins.manager import PluginSet
from seldon_runtime.service.component_service import ComponentService
from seldon_runtime.service.executor import Executor
from seldon_runtime.service.unit import Unit
from seldon_runtime.settings import options
from seldon_runtime.settings.values import Settings
from seldon_runtime.testing import WAIT_S
from seldon_runtime_grpc import plugin as grpc_plugin
from seldon_runtime_grpc.protos.pool import POOL
from seldon_runtime_grpc.protos.prediction_pb2 import Feedback, SeldonMessage, SeldonMessageList
from seldon_runtime_rest import plugin as rest_plugin
from tests.support.grpc_client import GrpcClient
from tests.support.http_client import HttpClient

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

    def __init__(self, user: object, service_type: ServiceType, words: Sequence[str] = ()) -> None:
        self.user = user
        self.executor = Executor()
        self.executor.start()
        settings = default_settings(words)
        component = ComponentAdapter(
            user,
            Identity(unit="unit", image="image:1"),
            service_type,
            reading=ArrayReading.of(settings),
            hints=Hints.of(settings),
        )
        unit = Unit(component, self.executor, component.identity, service_type, user)
        self.service = ComponentService(unit, metadata=component.metadata())
        plugins = PluginSet([], [rest_plugin, grpc_plugin])
        given = plugins.collect(
            "seldon_transport",
            service=self.service,
            settings=settings,
            sockets=OwnSockets(),
        )
        self.transports = [transport for _, transport in given]
        for transport in self.transports:
            transport.start()
        self.service.ready = True
        http_port, grpc_port = (int(transport.address.rpartition(":")[2]) for transport in self.transports)
        self.http = HttpClient(http_port)
        self.grpc = GrpcClient(grpc_port)

    def by_rest(self, path: str, request: Any) -> Any:
        """The message that the JSON answer stands for; of an error its status, reason and text."""
        answer = self.http.post(path, request)
        if answer.status == 200:
            return ParseDict(answer.json, SeldonMessage(), descriptor_pool=POOL)
        return STATUS[answer.status], answer.json["status"]["reason"], answer.info

    def by_grpc(self, path: str, request: Any) -> Any:
        """The same by gRPC."""
        method, kind = METHODS[path]
        message = ParseDict(request, kind(), descriptor_pool=POOL)
        try:
            return self.grpc.call(method, message)
        except grpc.RpcError as error:
            reason = dict(error.trailing_metadata())["x-seldon-reason"]
            return error.code().name, reason, error.details()

    def stop(self) -> None:
        self.http.close()
        self.grpc.close()
        for transport in self.transports:
            transport.stop_accepting()
        for transport in self.transports:
            transport.stop(WAIT_S)
        self.executor.stop(WAIT_S)


def default_settings(words: Sequence[str] = ()) -> Settings:
    params = [*options.options(), *rest_plugin.seldon_options(), *grpc_plugin.seldon_options()]
    context = click.Command("seldon-run", params=list(params)).make_context(
        "seldon-run", ["--host", "127.0.0.1", "--http-port", "0", "--grpc-port", "0", *words]
    )
    return Settings(context.params, ("rest", "grpc"))
