"""The table of all gRPC services: the Seldon protocol's services and the services of other plugins."""

from __future__ import annotations

from collections.abc import Iterable

from seldon_runtime.plugin import Service, StartupError
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime_grpc import health, reflection
from seldon_runtime_grpc.extension import GrpcService
from seldon_runtime_grpc.v1.services import seldon_services

_SELDON = "the Seldon protocol"


def services_of(
    service: Service,
    contributed: Iterable[tuple[str, object]],
    non_finite: NonFinite = NonFinite.NULL,
    *,
    has_v1: bool = True,
) -> list[GrpcService]:
    """Return all gRPC services of the server, those of the Seldon protocol first.

    Args:
        service: the component's service.
        contributed: pairs of a plugin's name and an object which that plugin returned from
            ``seldon_grpc_services``.
        non_finite: the form of NaN and infinities in answers of the Seldon protocol.
        has_v1: set False to leave the Seldon protocol out.

    Raises:
        StartupError: such an object is not a GrpcService, or another service has the same name.
    """
    own = ("", health.NAME, health.STATE, health.LIVE, reflection.NAME)
    owners = dict.fromkeys(own, "the gRPC transport")
    services = seldon_services(service.limits, non_finite) if has_v1 else []
    owners |= {served.name: _SELDON for served in services}
    for plugin, given in contributed:
        if not isinstance(given, GrpcService):
            raise StartupError(
                f"{plugin} returned {type(given).__name__} from seldon_grpc_services, expected a GrpcService"
            )
        if given.name in owners:
            raise StartupError(
                f"{plugin} has a gRPC service {given.name!r}, which {owners[given.name]} has too. "
                "Leave one of them out"
            )
        owners[given.name] = plugin
        services.append(given)
    return services
