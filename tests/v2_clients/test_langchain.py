"""LangChain's client of Triton, which streams the words of a model over gRPC.

It needs older libraries than the runtime. So it is installed in an environment of its own, whose Python
SELDON_TEST_LANGCHAIN names.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from seldon_runtime.testing import WAIT_S

PYTHON = os.environ.get("SELDON_TEST_LANGCHAIN", "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="langchain-nvidia-trt is absent: tox run -e v2clients")
PROGRAM = """
import json, sys
from langchain_nvidia_trt import TritonTensorRTLLM

model = TritonTensorRTLLM(server_url=sys.argv[1], model_name="Words", tokens=5)
print(json.dumps([model.get_model_list(), model.invoke("one two"), list(model.stream("three four"))]))
"""


def test_a_prompt_is_answered_whole_and_word_by_word(places: Any) -> None:
    ended = subprocess.run(
        [PYTHON, "-W", "ignore", "-c", PROGRAM, places("Words")["grpc"]],
        capture_output=True,
        text=True,
        timeout=4 * WAIT_S,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]) == [["Words"], "one two ", ["three ", "four "]]
