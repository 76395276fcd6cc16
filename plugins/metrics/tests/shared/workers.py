"""Worker processes that share a folder of metrics, driven by their standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as parse_text

ROWS = {"type": "COUNTER", "key": "rows", "value": 1}
TOOK = {"type": "TIMER", "key": "took", "value": 20}


def gauge(value):
    return {"type": "GAUGE", "key": "level", "value": value}


class Worker:
    def __init__(self, folder, max_series=1000, before=()):
        self.process = subprocess.Popen(
            [*before, *self.program(folder, max_series)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == "started"

    @staticmethod
    def program(folder, max_series=1000):
        return [sys.executable, str(Path(__file__).parents[1] / "worker.py"), str(folder), str(max_series)]

    def _answer(self):
        line = self.process.stdout.readline()
        assert line, "the worker has ended"
        return json.loads(line)

    def do(self, *command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def measure(self, *metrics):
        self.do("measure", *metrics)

    def page(self):
        return self.do("page")

    def value(self, name, /, **labels):
        found = [
            sample
            for family in parse_text(self.page())
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(found) <= 1
        assert not any({"pid", "worker_id"} & sample.labels.keys() for sample in found)
        return found[0].value if found else None

    def end(self):
        self.process.kill()
        self.process.wait()
