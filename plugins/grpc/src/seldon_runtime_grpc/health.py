"""The standard health service, ``grpc.health.v1``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2

from seldon_runtime.plugin import Service
from seldon_runtime_grpc.server.probe_pool import ProbePool

logger = logging.getLogger(__name__)

NAME: str = health.SERVICE_NAME
STATE = "state"
"""The name of a service whose status is NOT_SERVING while the component's state cannot be saved.

Calls are answered nevertheless. REST reports the same under ``degraded``."""
LIVE = "live"
"""The name of a service whose status is SERVING until a call hangs, as ``/health/live`` over REST."""
_LOOK_EVERY_S = 0.02
_LOOK_LATER_S = 0.5
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """The health service: the status of the server and of each of its services.

    A status is SERVING from readiness until draining. ``state`` is SERVING only while state can be saved, and
    ``live`` also before readiness and while draining.

    Args:
        service: the component's service, whose health is reported.
        pool: runs the calls of the health service.
        names: the full names of the gRPC services of this server.
    """

    def __init__(self, service: Service, pool: ProbePool, names: Sequence[str]) -> None:
        self._service = service
        self._names = ("", *names, STATE, LIVE)  # the empty name is the whole server's
        self._draining = threading.Event()
        self._changing = threading.Lock()
        self._servicer = health.HealthServicer()
        self._published: dict[str, Any] = {}
        self._publish()
        request = health_pb2.HealthCheckRequest
        coding: dict[str, Any] = {"response_serializer": health_pb2.HealthCheckResponse.SerializeToString}
        watch = pool.unary(request, self._servicer.Watch, non_blocking=True)
        self.handler: grpc.GenericRpcHandler = grpc.method_handlers_generic_handler(
            NAME,
            {
                "Check": grpc.stream_unary_rpc_method_handler(pool.unary(request, self._check), **coding),
                "Watch": grpc.stream_stream_rpc_method_handler(watch, **coding),
            },
        )

    def start(self) -> None:
        """Start a thread that follows the service and publishes each change to the clients of ``Watch``."""
        threading.Thread(target=self._follow, name="grpc-health", daemon=True).start()

    def drain(self) -> None:
        """Publish NOT_SERVING from now on, even while the service is still ready."""
        with self._changing:
            self._draining.set()
            self._publish()

    def _follow(self) -> None:
        try:
            while not self._draining.wait(
                _LOOK_LATER_S if self._published[""] == _SERVING else _LOOK_EVERY_S
            ):
                with self._changing:
                    self._publish()
        except Exception:  # without this thread the clients of Watch would never learn of a change
            logger.exception("the health service failed")
            self._service.fail("the health thread of the gRPC server failed")

    def _publish(self) -> None:
        for name, status in self._statuses().items():
            if self._published.get(name) != status:
                self._published[name] = status
                self._servicer.set(name, status)

    def _statuses(self) -> dict[str, Any]:
        serves = self._service.ready and not self._draining.is_set()
        statuses = dict.fromkeys(self._names, _SERVING if serves else _NOT_SERVING)
        if "state" in self._service.degraded:
            statuses[STATE] = _NOT_SERVING
        statuses[LIVE] = _SERVING if self._service.alive else _NOT_SERVING
        return statuses

    def _check(self, request: Any, context: grpc.ServicerContext) -> Any:
        status = self._statuses().get(request.service)
        if status is None:
            known = ", ".join(self._names[1:])
            context.abort(
                grpc.StatusCode.NOT_FOUND, f"no service {request.service!r:.100} is served; served: {known}"
            )
        return health_pb2.HealthCheckResponse(status=status)
