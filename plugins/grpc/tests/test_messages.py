"""The public door to the messages: there and back, and JSON by their own pool."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict, ParseDict

from seldon_runtime.plugin import Feedback as NeutralFeedback
from seldon_runtime.plugin import Kind, Limits, SeldonError
from seldon_runtime_grpc import messages
from seldon_runtime_grpc.messages import Feedback, SeldonMessage, SeldonMessageList

ROWS = {"data": {"names": ["a"], "tensor": {"shape": [2, 1], "values": [1.0, 2.5]}}, "meta": {"puid": "p"}}


def message() -> SeldonMessage:
    """Return a message made from JSON, by the pool of the message classes."""
    return ParseDict(ROWS, SeldonMessage(), descriptor_pool=messages.POOL)


def test_a_message_becomes_a_neutral_one_and_is_the_same_again() -> None:
    read = messages.decode_message(message(), Limits())
    assert read.payload is not None
    assert read.payload.kind is Kind.TENSOR
    assert np.array_equal(read.payload.value, [[1.0], [2.5]])
    again = SeldonMessage.FromString(messages.encode_message(read))
    assert MessageToDict(again, descriptor_pool=messages.POOL) == ROWS


def test_a_combiners_messages_and_a_feedback_are_read() -> None:
    several = messages.decode_messages(SeldonMessageList(seldonMessages=[message(), message()]), Limits())
    assert [read.payload.names for read in several if read.payload] == [["a"], ["a"]]
    feedback = messages.decode_feedback(Feedback(request=message(), reward=0.5), Limits())
    assert isinstance(feedback, NeutralFeedback)
    assert feedback.reward == 0.5


def test_a_message_without_payload_is_bad_data() -> None:
    with pytest.raises(SeldonError, match="has no payload"):
        messages.decode_message(SeldonMessage(), Limits())
