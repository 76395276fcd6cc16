"""MLServer's client, which sends a file of requests: ``mlserver infer``.

It is installed in an environment of its own, whose command SELDON_TEST_MLSERVER names.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S

COMMAND = os.environ.get("SELDON_TEST_MLSERVER", "")
pytestmark = pytest.mark.skipif(not COMMAND, reason="mlserver is not installed: tox run -e v2clients")


def request(datatype: str, data: list[Any], **more: Any) -> dict[str, Any]:
    return {"inputs": [{"name": "x", "datatype": datatype, "shape": [len(data)], "data": data, **more}]}


REQUESTS = [
    request("FP32", [1.5, -2.0, 3.25]),
    request("INT64", [2**53 + 1, -1]),
    request("BOOL", [True, False]),
    request("BYTES", ["a", "日本"], parameters={"content_type": "str"}),
    {"id": "mine", **request("UINT8", [0, 255])},
]


@pytest.fixture
def infer(places: Any, tmp_path: Path) -> Any:
    """``infer(model, requests, *options)``: the lines that the client writes, by the index of the request."""

    def infer(model: str, requests: list[dict[str, Any]], *options: str) -> dict[int, dict[str, Any]]:
        given, answered = tmp_path / "requests.jsonl", tmp_path / "answers.jsonl"
        given.write_text("".join(json.dumps(each) + "\n" for each in requests))
        words = ["-u", places(model)["rest"], "-m", model, "-i", str(given), "-o", str(answered), *options]
        ended = subprocess.run([COMMAND, "infer", *words], capture_output=True, text=True, timeout=4 * WAIT_S)
        assert ended.returncode == 0, ended.stderr
        answers = [json.loads(line) for line in answered.read_text().splitlines()]
        return {answer["parameters"]["batch_index"]: answer for answer in answers}

    return infer


@pytest.mark.parametrize("options", [(), ("--binary-data",)], ids=["json", "binary"])
def test_each_request_of_a_file_is_answered(infer: Any, options: tuple[str, ...]) -> None:
    answers = infer("Identity", REQUESTS, "--workers", "2", *options)
    for index, each in enumerate(REQUESTS):
        (sent,), (output,) = each["inputs"], answers[index]["outputs"]
        assert (output["datatype"], output["data"]) == (sent["datatype"], sent["data"])


def test_an_error_stands_in_the_line_of_its_request(infer: Any) -> None:
    answers = infer("Fails", REQUESTS[:2], "--retries", "1")
    assert [answers[index]["error"]["msg"] for index in (0, 1)] == ["ValueError: this model always fails"] * 2
