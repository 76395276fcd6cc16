from __future__ import annotations

import asyncio
import http.client
import json
from urllib.parse import urlsplit

import numpy as np
import pytest

from seldon_runtime.plugin import Method
from seldon_runtime.testing import WAIT_S, wait_until
from seldon_runtime_v2.mapping.model import ServedModel
from seldon_runtime_v2.rest.generate import GenerateCodec

HEAD = {"model_name": "m", "model_version": "1"}


class Language:
    """A language model: one text in, one text out."""

    def infer(self, inputs, parameters):
        if "fail" in parameters:
            raise ValueError("failed")
        (text,) = inputs["text_input"].reshape(-1).tolist()
        return {"text_output": np.array([text.decode().upper() * parameters.get("times", 1)], object)}

    def tags(self):
        return {"final": True}

    def init_metadata(self):
        return {
            "versions": ["2"],
            "inputs": [{"name": "text_input", "datatype": "BYTES", "shape": [1, 1]}],
            "outputs": [{"name": "text_output", "datatype": "BYTES", "shape": [1]}],
        }


class Numbers:
    def infer(self, inputs):
        return {"one": inputs["x"][:1], "all": inputs["x"]}


class Largest:
    """Answers the largest whole number, in a type that NumPy does not call uint64, and the request's tags."""

    def predict(self, X, names, meta):
        self.given = meta["tags"]
        return np.array([2**64 - 1], np.ulonglong)

    def tags(self):
        return self.given


def post(ask, end, **fields):
    return ask("POST", f"/v2/models/m/{end}", json.dumps(fields))


def test_flat_json_is_answered_with_bare_values(serve):
    ask = serve(Language(), "--v2-model-name", "m")
    answer = post(ask, "generate", text_input="ab", times=2, id="7")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == {
        "model_name": "m",
        "model_version": "2",
        "id": "7",
        "final": True,
        "text_output": "ABAB",
    }


def test_an_infinity_is_refused_with_the_path_that_can_carry_it(serve):
    ask = serve(Numbers(), "--v2-model-name", "m")
    answer = ask("POST", "/v2/models/m/generate", '{"x": [1, Infinity]}')
    assert answer.status == 400
    assert "ask for it by infer with the parameter binary_data" in answer.json["error"]


def test_a_stream_is_one_event(serve):
    ask = serve(Language(), "--v2-model-name", "m")
    answer = post(ask, "generate_stream", text_input="a")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    assert (answer.body[:6], answer.body[-2:]) == (b"data: ", b"\n\n")
    assert json.loads(answer.body[6:])["text_output"] == "A"


class Tokens(Language):
    """A language model that yields its text word by word."""

    def infer(self, inputs, parameters):
        (text,) = inputs["text_input"].reshape(-1).tolist()
        for word in text.decode().split():
            if word == "fail":
                raise ValueError("failed")
            yield {"text_output": np.array([word], object)}


def test_a_generator_is_answered_with_an_event_for_each_item(serve):
    ask = serve(Tokens(), "--v2-model-name", "m")
    answer = post(ask, "generate_stream", text_input="to be or", id="7")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    events = [json.loads(event.removeprefix(b"data: ")) for event in answer.body.split(b"\n\n")[:-1]]
    assert [event["text_output"] for event in events] == ["to", "be", "or"]
    assert {event["id"] for event in events} == {"7"}
    assert post(ask, "generate", text_input="to be").json["text_output"] == ["to", "be"]


def test_an_error_in_a_stream_is_an_event(serve):
    answer = post(serve(Tokens(), "--v2-model-name", "m"), "generate_stream", text_input="to fail")
    first, error = (json.loads(each.removeprefix(b"data: ")) for each in answer.body.split(b"\n\n")[:-1])
    assert first["text_output"] == "to"
    assert error.keys() == {"error"}


@pytest.mark.parametrize("end", ["generate", "generate_stream"])
@pytest.mark.parametrize(("text", "status"), [("fail", 500), ("", 200)])
def test_the_first_item_of_a_stream_decides_about_the_status(serve, end, text, status):
    answer = post(serve(Tokens(), "--v2-model-name", "m"), end, text_input=text)
    if status == 200 and end == "generate_stream":
        assert (answer.status, answer.headers["content-type"], answer.body) == (200, "text/event-stream", b"")
    else:  # one answer cannot be made of no items
        assert (answer.status, answer.headers["content-type"]) == (500, "application/json")
        assert answer.json.keys() == {"error"}


@pytest.mark.parametrize("end", ["generate", "generate_stream"])
@pytest.mark.parametrize(
    ("fields", "status"), [({}, 400), ({"text_input": 1}, 400), ({"text_input": "a", "fail": True}, 500)]
)
def test_errors_are_plain_json(serve, end, fields, status):
    answer = post(serve(Language(), "--v2-model-name", "m"), end, **fields)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
    assert answer.json.keys() == {"error"}


def test_an_output_of_several_elements_is_a_flat_list(serve):
    answer = post(serve(Numbers(), "--v2-model-name", "m"), "generate", x=[[1.5, 2], [3, None]])
    assert answer.json == {**HEAD, "one": [1.5, 2], "all": [1.5, 2, 3, None]}
    answer = post(serve(Numbers(), "--v2-model-name", "m"), "generate", x=True)
    assert answer.json == {**HEAD, "one": True, "all": True}


def test_any_number_is_a_bare_value_and_tags_replace_no_member_of_the_protocol(serve):
    ask = serve(Largest(), "--v2-model-name", "m")
    answer = post(ask, "generate", x="a", parameters={"model_name": "other", "tag": 2**70})
    assert answer.json == {**HEAD, "tag": str(2**70), "output-0": 2**64 - 1}


def test_nan_is_read_as_infer_reads_it(serve):
    answer = serve(Numbers(), "--v2-model-name", "m")("POST", "/v2/models/m/generate", '{"x": [NaN, 1]}')
    assert answer.json["all"] == [None, 1]


def test_another_model_is_not_found(serve):
    ask = serve(Language(), "--v2-model-name", "m")
    assert ask("POST", "/v2/models/other/generate", b"{}").status == 404
    assert ask("POST", "/v2/models/m/versions/2/generate", b'{"text_input": "a"}').status == 200


def test_the_estimate_of_memory_grows_with_the_body(make_service):
    service = make_service(Numbers())
    codec = GenerateCodec(ServedModel(service), service.limits)
    small, large = (codec.memory(Method.PREDICT, b'{"x": [' + b"1.5," * n + b"1]}") for n in (1, 1000))
    assert 0 < small < large
    assert large > 1000 * 32


class Endless(Language):
    """Awaits for ever before its first word, or after it."""

    def __init__(self):
        self.begun = self.ended = False

    async def infer(self, inputs, parameters):
        self.begun = True
        try:
            if "late" in parameters:
                yield {"text_output": np.array(["first"], object)}
            await asyncio.Event().wait()
        finally:
            self.ended = True


@pytest.mark.parametrize("fields", [{}, {"late": True}])
def test_a_client_that_leaves_before_or_after_the_first_item_ends_the_stream(serve, fields):
    user = Endless()
    served = serve(user, "--v2-model-name", "m").served
    connection = http.client.HTTPConnection(urlsplit(served.address).netloc, timeout=WAIT_S)
    connection.request("POST", "/v2/models/m/generate_stream", json.dumps({"text_input": "a", **fields}))
    if fields:
        assert connection.getresponse().status == 200
    wait_until(lambda: user.begun, "the stream to begin")
    connection.close()
    wait_until(lambda: user.ended, "the stream to end")


@pytest.mark.parametrize("text", ["to be", "", "fail"])
def test_the_statistics_of_a_stream_have_no_negative_number(serve, text):
    ask = serve(Tokens(), "--v2-model-name", "m")
    post(ask, "generate_stream", text_input=text)
    (found,) = ask("GET", "/v2/models/m/stats").json["model_stats"]
    numbers = list(numbers_in(found))
    assert len(numbers) > 10
    assert min(numbers) >= 0
    assert found["execution_count"] == (0 if text == "fail" else 1)


def numbers_in(value):
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, int):
        yield value
    elif not isinstance(value, str):
        for member in value:
            yield from numbers_in(member)
