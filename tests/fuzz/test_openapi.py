"""Whatever schemathesis makes of the OpenAPI document, the answers are what the document says.

In the environment of ``tox run -e fuzz`` only: schemathesis is a large installation.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

pytest.importorskip("schemathesis", reason="schemathesis is only in the environment of tox's fuzz")

EXAMPLES = os.environ.get("SELDON_TEST_EXAMPLES", "50")
"""Of each operation."""
LONG_S = 3600
CHECKS = ",".join(
    [
        *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
        *("response_headers_conformance", "response_schema_conformance"),
        *("unsupported_method", "allow_header_conformance"),
    ]
)
METHODS = {
    "predict": "def predict(self, X, names, meta=None): return _whole(X)",
    "transform": "def transform_input(self, X, names, meta=None): return _whole(X)\n"
    "    transform_output = transform_input",
    "route": "def route(self, X, names): return 1",
    "aggregate": "def aggregate(self, X, names): return _whole(X[0])",
    "feedback": "def send_feedback(self, X, names, reward, truth, routing=None): return None",
    "score": "def score(self, X, names): return [0.5]",
    "infer": "def infer(self, inputs, parameters=None): return inputs\n"
    "    def init_metadata(self):\n"
    "        kinds = {'a': ('FP32', [-1, 2]), 't': ('BYTES', [-1])}\n"
    "        tensors = [{'name': k, 'datatype': d, 'shape': s} for k, (d, s) in kinds.items()]\n"
    "        return {'inputs': tensors, 'outputs': tensors}",
    "table": "def predict(self, X: pandas.DataFrame) -> pandas.DataFrame: return X.astype(str)",
    "record": "def predict(self, X: list[Person]) -> list[Person]: return X",
    "extras": "def tags(self): return {'kind': [1, None]}\n"
    "    def metrics(self): return [{'type': 'COUNTER', 'key': 'calls', 'value': 1}]\n"
    "    def init_metadata(self): return {'name': 'fuzzed', 'versions': ['1'], 'custom': {'team': 'blue'}}",
}
KINDS = {
    "MODEL": ("predict", "feedback", "extras"),
    "ROUTER": ("route", "feedback"),
    "COMBINER": ("aggregate",),
    "TRANSFORMER": ("transform", "extras"),
    "OUTLIER_DETECTOR": ("score",),
    "infer": ("infer",),
    "table": ("table",),
    "record": ("record",),
    "graph": ("predict", "transform", "feedback"),
    "all in one": ("predict", "transform", "route", "aggregate", "feedback", "extras"),
}
SOURCE = """
from dataclasses import dataclass

import pandas

@dataclass
class Person:
    age: int
    name: str = "nobody"

def _whole(X):
    return {"value": X} if isinstance(X, float | int | None) else X

class Fuzzed:
    {methods}
"""


GRAPH = {
    "apiVersion": "machinelearning.seldon.io/v1",
    "kind": "SeldonDeployment",
    "metadata": {"name": "fuzzed"},
    "spec": {
        "predictors": [
            {
                "name": "main",
                "graph": {
                    "name": "in",
                    "type": "TRANSFORMER",
                    "children": [{"name": "model", "type": "MODEL"}],
                },
                "componentSpecs": [
                    {
                        "spec": {
                            "containers": [
                                {
                                    "name": name,
                                    "image": "i:1",
                                    "env": [{"name": "MODEL_NAME", "value": "Fuzzed"}],
                                }
                                for name in ("in", "model")
                            ]
                        }
                    }
                ],
            }
        ]
    },
}


@pytest.mark.timeout(LONG_S)
@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_is_what_the_document_says(seldon_run, tmp_path, kind):
    methods = "\n    ".join(METHODS[name] for name in KINDS[kind])
    env = {"SERVICE_TYPE": kind} if kind.isupper() else {}
    (tmp_path / "Fuzzed.py").write_text(SOURCE.replace("{methods}", methods))
    (tmp_path / "graph.json").write_text(json.dumps(GRAPH))
    served = "graph.json" if kind == "graph" else "Fuzzed"
    process = seldon_run(served, "REST", folder=tmp_path, env=env)
    ended = subprocess.run(
        [
            *(Path(sysconfig.get_path("scripts"), "schemathesis"), "run", f"{process.url}/seldon.json"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--checks", CHECKS),
            *("--exclude-path", "/v2/repository/models/{model}/unload"),  # always 503, as of Triton
            *("--seed", "1", "--generation-database", "none", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LONG_S,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in process.log
