"""The exception with which a component chooses the client's error."""

from __future__ import annotations

from typing import Any

from seldon_runtime import ErrorCode, SeldonError


class SeldonMicroserviceException(SeldonError):
    """Answers an error with this status.

    Args:
        message: the ``info`` of the answer's status.
        status_code: of HTTP, 400 to 599; gRPC answers the nearest status of its own.
        payload: kept as an attribute; it is not answered.
        reason: the ``reason`` of the answer's status.

    Raises:
        ValueError: ``status_code`` is no error status.
    """

    def __init__(
        self,
        message: str,
        status_code: int | None = None,
        *,
        payload: Any = None,
        reason: str = ErrorCode.BAD_DATA.value,
    ) -> None:
        super().__init__(message, status_code=400 if status_code is None else status_code, reason=reason)
        self.payload = payload
