"""The settings of one call: those of the client, of which the call overrides some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from seldon_core.client.credentials import SeldonCallCredentials, SeldonChannelCredentials
from seldon_core.client.results import SeldonClientException

GATEWAYS = ("ambassador", "istio", "seldon")
TRANSPORTS = ("rest", "grpc")
RETURN_TYPES = ("dict", "proto")
TIMEOUT_S = 600.0


@dataclass(frozen=True)
class CallSettings:
    """Everything about a call but its message."""

    gateway: str = "ambassador"
    transport: str = "rest"
    namespace: str | None = None
    deployment_name: str | None = None
    payload_type: str = "tensor"
    gateway_endpoint: str = "localhost:8003"
    microservice_endpoint: str = "localhost:5000"
    grpc_max_send_message_length: int = 4 * 1024 * 1024
    grpc_max_receive_message_length: int = 4 * 1024 * 1024
    channel_credentials: SeldonChannelCredentials | None = None
    call_credentials: SeldonCallCredentials | None = None
    debug: bool = False
    client_return_type: str = "dict"
    ssl: bool | None = None
    timeout_s: float = TIMEOUT_S
    gateway_prefix: str | None = None
    http_path: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def but(self, given: Mapping[str, Any]) -> CallSettings:
        """Return the settings with those of ``given`` that are not None.

        Raises:
            SeldonClientException: an unknown gateway, transport or type of result.
        """
        names = {each.name for each in fields(self)}
        changed = replace(
            self, **{name: value for name, value in given.items() if name in names and value is not None}
        )
        for name, known in (
            ("gateway", GATEWAYS),
            ("transport", TRANSPORTS),
            ("client_return_type", RETURN_TYPES),
        ):
            value = vars(changed)[name]
            if value not in known:
                raise SeldonClientException(f"{name} is {value!r}, expected one of {', '.join(known)}")
        return changed

    @property
    def is_rest(self) -> bool:
        """True for HTTP."""
        return self.transport == "rest"

    @property
    def token(self) -> str | None:
        """The token of the call's credentials."""
        return None if self.call_credentials is None else self.call_credentials.token

    @property
    def uses_tls(self) -> bool:
        """True for a gateway to which connections use TLS.

        Without the setting ``ssl``, REST uses TLS if the call has a token, and gRPC if the channel has
        credentials.
        """
        if self.ssl is not None:
            return self.ssl
        return self.token is not None if self.is_rest else self.channel_credentials is not None

    def path(self, default: str, suffix: str = "") -> str:
        """Return the path of a REST call to the gateway.

        Args:
            default: the path behind the deployment's.
            suffix: the part of the path between the deployment's name and ``default``.

        Raises:
            SeldonClientException: the path needs a deployment, and the call names none.
        """
        if self.gateway == "seldon":
            return default
        if self.gateway_prefix is not None and self.http_path is None:
            return f"{self.gateway_prefix}{default}"
        namespace = f"/{self.namespace}" if self.namespace else ""
        return f"/seldon{namespace}/{self.deployment()}{suffix}{self.http_path or default}"

    def metadata(self) -> list[tuple[str, str]]:
        """Return the metadata of an RPC to the gateway, which finds the deployment by it.

        Raises:
            SeldonClientException: the gateway needs a deployment, and the call names none.
        """
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        if self.gateway == "seldon":
            return headers
        namespace = [("namespace", self.namespace)] if self.namespace else []
        return [("seldon", self.deployment()), *namespace, *headers]

    def deployment(self) -> str:
        """Return the deployment's name; raise SeldonClientException without one."""
        if self.deployment_name is None:
            raise SeldonClientException(f"gateway {self.gateway!r} needs a deployment_name")
        return self.deployment_name
