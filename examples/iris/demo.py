"""Train the model unless that is done, say how to ask it, and serve it until Ctrl-C or SIGTERM."""

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
PORT = 5000
SERVE = ["IrisClassifier", "REST", "--service-type", "MODEL"]
REQUEST = '{"data": {"ndarray": [[5.1, 3.5, 1.4, 0.2]]}}'


def main() -> None:
    os.chdir(HERE)
    if not Path("iris.joblib").exists():
        subprocess.run([sys.executable, "train.py"], check=True)
    url = f"http://localhost:{PORT}/predict"
    curl = shlex.join(["curl", "-s", url, "-H", "Content-Type: application/json", "-d", REQUEST])
    print(f"Serving until Ctrl-C. In another terminal:\n\n{curl}\n", flush=True)
    environment = os.environ | {"PREDICTIVE_UNIT_SERVICE_PORT": str(PORT)}
    # The server takes the place of this process, so a signal sent here reaches it.
    program = Path(sysconfig.get_path("scripts"), "seldon-run")
    os.execve(program, [program.name, *SERVE], environment)


if __name__ == "__main__":
    main()
