"""``seldon-run doctor`` with plugins that print, wait, crash or end the process; and with our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.components import ECHO
from tests.support.faulty_plugins import LABEL, observer

Start = Callable[..., Any]


def test_the_doctor_finds_no_fault_in_our_own_plugins(seldon_run: Start, tmp_path: Path) -> None:
    (tmp_path / "Echo.py").write_text(textwrap.dedent(ECHO))
    words = ("doctor", "Echo", "REST,GRPC", "--service-port", "0", "--metrics", "prometheus")
    process = seldon_run(*words, "--metrics-port", "0", wait=False)
    assert process.wait() == 0, process.log


SICK = {
    "prints": f"print('hello on stdout')\n{observer('pass')}",
    "prints at the end": f"import atexit\natexit.register(print, 'bye')\n{observer('pass')}",
    "prints by a program": f"import os\nos.system('echo hello')\n{observer('pass')}",
    "has a thread": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(3600,)).start()\n"
        + observer("pass")
    ),
    "waits at the end": f"import atexit, time\natexit.register(time.sleep, 3600)\n{observer('pass')}",
    "ends the process": "import os; os._exit(7)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "cannot be imported": "import no_such_library",
}


@pytest.mark.parametrize("how", SICK)
def test_the_doctor_ends_and_reports_json_whatever_a_plugin_does(
    seldon_run: Start, published: Any, tmp_path: Path, how: str
) -> None:
    is_well = how.startswith(("prints", "has a", "waits"))
    words = ["Echo", "REST", "--http-port", "0", "--metrics", "0", "--extension", "bad"]
    process = doctor(tmp_path, published(SICK[how]), *words)
    assert process.returncode == (0 if is_well else 1), process.stdout + process.stderr
    report = json.loads(process.stdout)
    named = [f["text"] for f in report["findings"] if f["severity"] == "error" and LABEL in f["text"]]
    assert bool(named) is not is_well


def doctor(folder: Path, env: dict[str, str], *words: str) -> Any:
    """The ended ``seldon-run doctor --json`` with both outputs apart."""
    (folder / "Echo.py").write_text("class Echo:\n    def predict(self, X, names):\n        return X\n")
    return subprocess.run(
        [sys.executable, "-m", "seldon_runtime", "doctor", "--json", *words],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=180,
    )
