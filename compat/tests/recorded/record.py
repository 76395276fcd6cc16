"""Writes ``calls.json`` and ``client.json``: run it by a Python that has the wrapper's ``seldon_core``."""

import json
import os
import sys
from pathlib import Path

import call_cases
import client_cases


def _write(name, answers):
    text = json.dumps(answers, indent=1, sort_keys=True)
    Path(__file__).with_name(name).write_text(text + "\n")
    sys.stdout.write(f"{name}: {len(answers)} cases\n")


if __name__ == "__main__":
    os.environ.update(call_cases.ENVIRONMENT)
    from seldon_core import seldon_client
    from seldon_core.proto import prediction_pb2

    _write("calls.json", {name: call_cases.run(call) for name, call in call_cases.cases().items()})
    recorder = client_cases.Recorder(prediction_pb2)
    _write(
        "client.json",
        {
            case[0]: client_cases.run(seldon_client, prediction_pb2, recorder, case)
            for case in client_cases.cases()
        },
    )
    recorder.close()
