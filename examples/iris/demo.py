"""Train the model unless that is done, serve it until Ctrl-C or SIGTERM, and say how to ask it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
PORT = 5000
SERVE = ["IrisClassifier", "REST", "--service-type", "MODEL"]
REQUEST = '{"data": {"ndarray": [[5.1, 3.5, 1.4, 0.2]]}}'
READY = " ready: "


def main() -> int:
    os.chdir(HERE)
    if not Path("iris.joblib").exists():
        subprocess.run([sys.executable, "train.py"], check=True)
    with foreground():
        return serve()


def serve() -> int:
    """Run the server, copy its log, and print the curl line when the port listens."""
    url = f"http://localhost:{PORT}/predict"
    curl = shlex.join(["curl", "-s", url, "-H", "Content-Type: application/json", "-d", REQUEST])
    program = Path(sysconfig.get_path("scripts"), "seldon-run")
    server = subprocess.Popen(
        [program, *SERVE],
        env=os.environ | {"PREDICTIVE_UNIT_SERVICE_PORT": str(PORT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # tox shows standard error in red
        text=True,
        process_group=0,  # Ctrl-C comes here, and is passed on once
    )

    def stop(number: int, frame: object) -> None:
        server.send_signal(signal.SIGTERM)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    assert server.stdout is not None
    for line in server.stdout:
        print(line, end="", flush=True)
        if READY in line:
            print(f"\nServing until Ctrl-C. In another terminal:\n\n{curl}\n", flush=True)
    return server.wait()


@contextmanager
def foreground() -> Iterator[None]:
    """Let Ctrl-C reach this program alone, not the tox that runs it, which would call it a failure."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:  # no terminal
        yield
        return
    group = os.getpgrp()
    if os.tcgetpgrp(terminal) == group != os.getpid():
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.setpgid(0, 0)
        os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        if os.getpgrp() != group:
            with suppress(OSError):  # the terminal was closed
                os.tcsetpgrp(terminal, group)
        os.close(terminal)


if __name__ == "__main__":
    sys.exit(main())
