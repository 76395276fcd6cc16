"""One worker of several, for tests of shared metrics: runs commands from standard input, line by line.

A command is a JSON list of its name and arguments; the answer is a line of JSON.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from contextlib import suppress
from typing import Any

from conftest import Metered, Served

from seldon_runtime.plugin import Identity, Lifecycle, Method, SeldonError


def do(served: Served, command: str, *arguments: Any) -> Any:
    match command:
        case "measure":
            served.measure(*arguments)
        case "every method":
            for method in Method:
                with suppress(SeldonError):
                    served.call({"strData": "a"}, method)
        case "page":
            return served.page(*arguments)
        case "life":
            served.observer.lifecycle_changed(Lifecycle(arguments[0]))
            served.service.ready = arguments[0] == "ready"
        case "fork":
            child = os.fork()
            if not child:
                signal.pause()
            return child
        case "stop":
            served.stop()
    return None


def main() -> None:
    logging.basicConfig()
    folder, max_series = sys.argv[1], int(sys.argv[2])
    served = Served(Metered(), Identity(), metrics_dir=folder, metrics_max_series=max_series)
    print(json.dumps("started"), flush=True)
    for line in sys.stdin:
        print(json.dumps(do(served, *json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
