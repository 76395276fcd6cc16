"""The gRPC service of V2: the RPCs of the protocol, and those of Triton's extensions.

Sources: Open Inference Protocol, inference_grpc.md; Triton's grpc_service.proto.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from google.protobuf.json_format import ParseDict
from google.protobuf.message import DecodeError, Message

from seldon_runtime.plugin import Call, SeldonError, Service
from seldon_runtime_grpc.extension import GrpcMethod, GrpcService, GrpcStream, RequestContext
from seldon_runtime_v2 import repository, server
from seldon_runtime_v2.configuration import configuration_of
from seldon_runtime_v2.grpc.codec import InferCodec, StreamCodec, failure
from seldon_runtime_v2.grpc.heads import Heads
from seldon_runtime_v2.grpc.protos import FILES, POOL
from seldon_runtime_v2.grpc.protos import inference_pb2 as messages
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.statistics import Statistics

_NAME = "inference.GRPCInferenceService"
_MOST_BYTES = 64 * 1024
"""The largest request of an RPC that is answered on the thread of all connections."""
Request = TypeVar("Request", bound=Message)
Filled = TypeVar("Filled", bound=Message)


class InferenceService:
    """The RPCs of one model.

    Args:
        service: answers the calls.
        model: the served model.
        statistics: counts its inferences.
    """

    def __init__(self, service: Service, model: ServedModel, statistics: Statistics) -> None:
        self._service = service
        self._model = model
        self._limits = service.limits
        self._statistics = statistics
        self._heads = Heads(model)

    def described(self) -> GrpcService:
        """Return the service with its RPCs; the health service answers for the model's name too."""
        unary = {
            "ServerLive": _answered(messages.ServerLiveRequest, self._live),
            "ServerReady": _answered(messages.ServerReadyRequest, self._ready),
            "ModelReady": _answered(messages.ModelReadyRequest, self._model_ready),
            "ServerMetadata": _answered(messages.ServerMetadataRequest, self._server_metadata),
            "ModelMetadata": _answered(messages.ModelMetadataRequest, self._metadata),
            "ModelConfig": _answered(messages.ModelConfigRequest, self._configuration),
            "ModelStatistics": _answered(messages.ModelStatisticsRequest, self._model_statistics),
            "RepositoryIndex": _answered(messages.RepositoryIndexRequest, self._index),
            "RepositoryModelLoad": _answered(messages.RepositoryModelLoadRequest, self._load),
            "RepositoryModelUnload": _answered(messages.RepositoryModelUnloadRequest, self._unload),
            "ModelInfer": GrpcMethod(partial(self._infer, InferCodec)),
        }
        stream = GrpcStream(partial(self._infer, StreamCodec), _failed, _end)
        return GrpcService(_NAME, {**unary, "ModelStreamInfer": stream}, FILES, [self._model.name])

    def _live(self, request: messages.ServerLiveRequest) -> Message:
        return messages.ServerLiveResponse(live=self._service.alive)

    def _ready(self, request: messages.ServerReadyRequest) -> Message:
        return messages.ServerReadyResponse(ready=self._service.ready)

    def _model_ready(self, request: messages.ModelReadyRequest) -> Message:
        self._require(request)
        return messages.ModelReadyResponse(ready=self._model.is_ready)

    def _server_metadata(self, request: messages.ServerMetadataRequest) -> Message:
        return messages.ServerMetadataResponse(
            name=server.NAME, version=server.VERSION, extensions=server.EXTENSIONS
        )

    def _metadata(self, request: messages.ModelMetadataRequest) -> Message:
        self._require(request)
        document = self._model.metadata()
        properties = {name: str(value) for name, value in document.pop("properties", {}).items()}
        return messages.ModelMetadataResponse(**document, properties=properties)

    def _configuration(self, request: messages.ModelConfigRequest) -> Message:
        self._require(request)
        return messages.ModelConfigResponse(
            config=_filled(messages.ModelConfig(), configuration_of(self._model))
        )

    def _model_statistics(self, request: messages.ModelStatisticsRequest) -> Message:
        if request.name:
            self._require(request)
        document = self._statistics.document(self._model)
        return _filled(messages.ModelStatisticsResponse(), document)

    def _index(self, request: messages.RepositoryIndexRequest) -> Message:
        models = repository.index(self._model, only_ready=request.ready)
        return messages.RepositoryIndexResponse(
            models=[messages.RepositoryIndexResponse.ModelIndex(**each) for each in models]
        )

    def _load(self, request: messages.RepositoryModelLoadRequest) -> Message:
        repository.load(self._model, request.model_name, list(request.parameters))
        return messages.RepositoryModelLoadResponse()

    def _unload(self, request: messages.RepositoryModelUnloadRequest) -> Message:
        repository.unload(self._model, request.model_name)
        return messages.RepositoryModelUnloadResponse()

    def _infer(self, codec: type[InferCodec], request: bytes, context: RequestContext) -> Call:
        call = context.call(self._model.method, request, codec(self._model, self._limits, self._heads))
        return self._statistics.watch(call)

    def _require(self, request: Any) -> None:
        self._model.require(request.name, request.version or None)


def _answered(kind: type[Request], answer: Callable[[Request], Message]) -> GrpcMethod:
    """Return the RPC that a function answers without the component."""

    def begin(request: bytes, context: RequestContext) -> bytes:
        name = kind.DESCRIPTOR.full_name
        if len(request) > _MOST_BYTES:
            raise SeldonError(f"the {name} has {len(request)} bytes, at most {_MOST_BYTES} are accepted")
        try:
            parsed = kind.FromString(request)
        except DecodeError as error:
            raise SeldonError(f"the request is not a valid {name}: {error}") from error
        return answer(parsed).SerializeToString()

    return GrpcMethod(begin)


def _filled(message: Filled, document: dict[str, Any]) -> Filled:
    """Return the message with the values of a document; those that it has no field for are left out."""
    ParseDict(document, message, ignore_unknown_fields=True, descriptor_pool=POOL)
    return message


def _failed(error: SeldonError, call: Call | None) -> bytes:
    codec = call.codec if call is not None else None
    return failure(error, codec if isinstance(codec, StreamCodec) else None)


def _end(call: Call) -> bytes | None:
    return call.codec.end() if isinstance(call.codec, StreamCodec) else None
