"""Server reflection: clients such as grpcurl learn the services and their messages from the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from seldon_runtime.plugin import StartupError
from seldon_runtime_grpc.extension import GrpcService
from seldon_runtime_grpc.server.probe_pool import ProbePool

NAME: str = reflection.SERVICE_NAME
_PROTOBUF_FILES = "google/protobuf/"
_OWN_FILES = (health_pb2.DESCRIPTOR.serialized_pb, reflection_pb2.DESCRIPTOR.serialized_pb)
"""The files of the health and reflection services. Clients can look health up, but the list leaves it out."""


def reflection_handler(services: Sequence[GrpcService], pool: ProbePool) -> grpc.GenericRpcHandler:
    """Return the handler of the reflection service.

    Args:
        services: the services that reflection lists and describes.
        pool: runs the calls of the reflection service.

    Raises:
        StartupError: a service's file descriptors are invalid or incomplete.
    """
    names = [service.name for service in services]
    pools: Any = _Pools(services)
    servicer = reflection.ReflectionServicer([*names, NAME], pools)

    def describe(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
        for response in servicer.ServerReflectionInfo(requests, context):
            response.ClearField("original_request")  # as older releases answer
            yield response

    handler: Any = grpc.stream_stream_rpc_method_handler(
        pool.stream(reflection_pb2.ServerReflectionRequest, describe),
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(NAME, {"ServerReflectionInfo": handler})


class _Pools:
    """Several descriptor pools that look like one, so that files of different services cannot clash.

    Each set of files has a pool of its own. A lookup returns the first match, in the order of the services.
    The methods have protobuf's names, as grpcio's servicer calls them.
    """

    def __init__(self, services: Sequence[GrpcService]) -> None:
        own: dict[tuple[bytes, ...], Any] = {_OWN_FILES: _pool("the gRPC transport", _OWN_FILES)}
        for service in services:
            files = tuple(service.file_descriptors)
            if files not in own:
                own[files] = _pool(f"service {service.name}", files)
        self._pools = tuple(own.values())

    def FindFileByName(self, name: str) -> Any:
        return self._first(lambda pool: pool.FindFileByName(name))

    def FindFileContainingSymbol(self, symbol: str) -> Any:
        return self._first(lambda pool: pool.FindFileContainingSymbol(symbol))

    def FindMessageTypeByName(self, name: str) -> Any:
        return self._first(lambda pool: pool.FindMessageTypeByName(name))

    def FindExtensionByNumber(self, message: Any, number: int) -> Any:
        return message.file.pool.FindExtensionByNumber(message, number)

    def FindAllExtensions(self, message: Any) -> Any:
        return message.file.pool.FindAllExtensions(message)

    def _first(self, find: Callable[[Any], Any]) -> Any:
        """Return the result of the first pool that has one; raise KeyError when none has."""
        for pool in self._pools[:-1]:
            try:
                return find(pool)
            except KeyError:
                continue
        return find(self._pools[-1])


def _pool(owner: str, serialized_files: Sequence[bytes]) -> Any:
    """Return a descriptor pool of these files; raise StartupError when one of them is invalid."""
    files: dict[str, bytes] = {}
    for serialized in serialized_files:
        try:
            files[FileDescriptorProto.FromString(serialized).name] = serialized
        except (DecodeError, TypeError) as error:
            raise StartupError(
                f"{owner} has an invalid file descriptor, expected a serialized FileDescriptorProto: {error}"
            ) from error
    pool: Any = descriptor_pool.DescriptorPool()
    added: set[str] = set()

    def add(name: str) -> None:
        """Add the files that this one imports, and then this one."""
        if name in added:
            return
        added.add(name)
        serialized = files[name] if name in files else _well_known(owner, name)
        for imported in FileDescriptorProto.FromString(serialized).dependency:
            add(imported)
        try:
            pool.AddSerializedFile(serialized)
        except (TypeError, ValueError) as error:
            raise StartupError(f"{owner} has an invalid file descriptor {name}: {error}") from error

    for name in files:
        add(name)
    return pool


def _well_known(owner: str, name: str) -> bytes:
    """Return a file that protobuf itself brings, such as ``google/protobuf/any.proto``.

    Raises:
        StartupError: protobuf does not bring that file either.
    """
    if name.startswith(_PROTOBUF_FILES):
        module = f"{name.removesuffix('.proto').replace('/', '.')}_pb2"
        with suppress(ImportError):
            serialized: bytes = import_module(module).DESCRIPTOR.serialized_pb
            return serialized
    raise StartupError(f"{owner} lacks the file descriptor of {name}, which another of its files imports")
