"""The bandit router, started and asked as its README says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

from tests.support.paths import EXAMPLES

EXAMPLE = EXAMPLES / "bandit_router"


def test_the_router_is_there_again_as_its_readme_says(seldon_run, tmp_path):
    start, ask = re.findall(r"```sh\n(.*?)```", EXAMPLE.joinpath("README.md").read_text(), re.S)
    export, command = start.strip().splitlines()
    path = {"PATH": sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]}
    shown = subprocess.run(
        ["sh", "-c", f"{export}; env"], env={**os.environ, **path}, capture_output=True, text=True, check=True
    ).stdout
    same_shell = {**path, **dict(line.split("=", 1) for line in shown.splitlines() if "PERSISTENCE" in line)}
    folder = shutil.copytree(EXAMPLE, tmp_path / "router")

    def serve():
        return seldon_run("-c", f"exec {command}", program=Path("/bin/sh"), folder=folder, env=same_shell)

    first = serve()
    lines = [shlex.split(line) for line in ask.replace("\\\n", " ").strip().splitlines()]
    for line in lines:
        url, body = line[1], line[line.index("-d") + 1]
        answer = first.post("/" + url.partition("/")[2], json.loads(body))
        assert answer.status == 200
    assert first.stop() == 0
    answer = serve().post("/route", {"data": {"ndarray": [[1]]}}).json
    assert answer["meta"]["tags"] == {"successes": [0, 0, 1], "failures": [0, 0, 0]}
