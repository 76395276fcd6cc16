"""Stubs and servicers like those of grpc_tools, made from the descriptor of ``prediction.proto``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2

from seldon_core.proto import prediction_pb2
from seldon_runtime_grpc.protos import prediction_pb2 as private_messages

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import MethodDescriptor


def generated(service_name: str) -> tuple[type[Any], type[Any], Callable[[Any, Any], None]]:
    """Return the classes of stub and servicer, and the function that adds a servicer to a server."""
    service = private_messages.DESCRIPTOR.services_by_name[service_name]
    methods = [method for method in service.methods if not method.server_streaming]  # as the wrapper's

    def connect(stub: Any, channel: Any) -> None:
        for method in methods:
            rpc = channel.unary_unary(
                f"/{service.full_name}/{method.name}",
                request_serializer=_class(method.input_type).SerializeToString,
                response_deserializer=_class(method.output_type).FromString,
            )
            setattr(stub, method.name, rpc)

    def add(servicer: Any, server: Any) -> None:
        import grpc

        handlers = {
            method.name: grpc.unary_unary_rpc_method_handler(
                getattr(servicer, method.name),
                request_deserializer=_class(method.input_type).FromString,
                response_serializer=_class(method.output_type).SerializeToString,
            )
            for method in methods
        }
        generic = grpc.method_handlers_generic_handler(service.full_name, handlers)
        server.add_generic_rpc_handlers((generic,))

    stub = type(
        f"{service_name}Stub", (), {"__init__": connect, "__doc__": f"The client of {service.full_name}."}
    )
    servicer = type(
        f"{service_name}Servicer",
        (),
        {method.name: _unimplemented(method) for method in methods}
        | {"__doc__": f"A server of {service.full_name}; override its methods."},
    )
    return stub, servicer, add


def _class(descriptor: Any) -> Any:
    """Return the class of a request or an answer."""
    return empty_pb2.Empty if descriptor.name == "Empty" else vars(prediction_pb2)[descriptor.name]


def _unimplemented(method: MethodDescriptor) -> Callable[[Any, Any, Any], Any]:
    def refuse(self: Any, request: Any, context: Any) -> Any:
        """Answer the client with UNIMPLEMENTED.

        Raises:
            NotImplementedError: always.
        """
        import grpc

        text = f"{method.full_name} is not implemented"
        context.set_code(grpc.StatusCode.UNIMPLEMENTED)
        context.set_details(text)
        raise NotImplementedError(text)

    return refuse
