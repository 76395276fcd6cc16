"""The interface of batchers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.message import Message, Request
from seldon_runtime.inference.method import Method
from seldon_runtime.inference.predictor import Predict, Stream


class Batcher(ABC):
    """The object that answers several waiting calls at once, from a plugin's hook ``seldon_batcher``.

    While the component is busy, calls wait. When it becomes free, the batcher receives up to ``max_size``
    waiting calls of one group. An idle component waits for more calls only if ``max_wait_s`` is set, and only
    until the first call has waited for so long.
    """

    max_size: int = 32
    """The largest number of calls in a batch."""
    max_wait_s: float = 0.0
    """Seconds that a call may wait, from its submission, for more calls of its group, while the component has
    nothing else to do."""

    @abstractmethod
    def group(self, call: Call) -> Hashable | None:
        """Return the group of a call, or None to have it run alone.

        Runs on the transport's thread, before the request is read. Must not block.
        """

    @abstractmethod
    def predict(
        self, method: Method, requests: Sequence[Request], predict: Predict
    ) -> Sequence[Message | Stream | SeldonError]:
        """Return one answer, or one error, for each request, in their order.

        Runs on the component's thread; for a class with async methods, on a thread beside it. The requests
        are decoded and have passed the interceptors.

        Args:
            method: the method of all requests.
            requests: at least one, at most ``max_size``.
            predict: answers one request, as in an unbatched call.

        Raises:
            SeldonError: all callers receive this error.
        """
