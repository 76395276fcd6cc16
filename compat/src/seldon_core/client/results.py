"""The results and the exception of ``SeldonClient``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class SeldonClientException(Exception):
    """A call that the client cannot make.

    Args:
        message: the reason, with the remedy.
    """

    status_code = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(repr=False)
class Result:
    """The outcome of a call."""

    request: Any
    """The sent message, or its JSON form."""
    response: Any
    """The answer, a message or its JSON form; None if the server sent none."""
    success: bool = True
    msg: str = ""
    """The reason of a failure."""

    def __repr__(self) -> str:
        """Return all parts, a line for each."""
        return (
            f"Success:{self.success} message:{self.msg}\nRequest:\n{self.request}\nResponse:\n{self.response}"
        )


class SeldonClientPrediction(Result):
    """The outcome of a call with one message."""


class SeldonClientFeedback(Result):
    """The outcome of a feedback."""


class SeldonClientCombine(Result):
    """The outcome of a call with several messages."""
