"""One component instance, touched by one thread (property 3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

from tests.support.http_client import JSON_TYPE

CLIENTS = 16
CALLS = 1000

SOURCE = """
    import threading

    class Threads:
        def __init__(self):
            self.seen = {"__init__": {threading.get_ident()}}
            self.calls = 0

        def load(self):
            self.seen["load"] = {threading.get_ident()}

        def predict(self, X, features_names):
            self.seen.setdefault("predict", set()).add(threading.get_ident())
            self.calls += 1
            return X

        def tags(self):
            self.seen.setdefault("tags", set()).add(threading.get_ident())
            return {}

        def health_status(self):
            self.seen.setdefault("health_status", set()).add(threading.get_ident())
            main = threading.main_thread().ident
            threads = {name: sorted(seen) for name, seen in self.seen.items()}
            return {"threads": threads, "calls": self.calls, "main": main}
"""


def test_a_thousand_concurrent_calls_run_in_the_thread_that_constructed_the_object(
    seldon_run: Callable[..., Any],
) -> None:
    server = seldon_run("Threads", "REST", source=SOURCE)
    text = json.dumps({"strData": "x"})
    form = b'--b\r\nContent-Disposition: form-data; name="strData"\r\n\r\nx\r\n--b--\r\n'
    requests = (
        ("POST", "/predict", text.encode(), JSON_TYPE),
        ("POST", "/api/v1.0/predictions", text.encode(), JSON_TYPE),
        ("GET", f"/predict?json={quote(text)}", None, {}),
        ("POST", "/predict", form, {"Content-Type": "multipart/form-data; boundary=b"}),
    )

    def client(number: int) -> list[tuple[int, Any]]:
        answers = []
        with server.client() as connection:
            for index in range(number, CALLS, CLIENTS):
                answer = connection.request(*requests[index % len(requests)])
                answers.append((answer.status, answer.json["strData"]))
        return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [answer for part in pool.map(client, range(CLIENTS)) for answer in part]
    assert answers == [(200, "x")] * CALLS
    seen = server.get("/health/status").json["jsonData"]
    assert seen["calls"] == CALLS
    (thread,) = seen["threads"]["__init__"]
    assert thread != seen["main"]
    assert set(seen["threads"]) == {"__init__", "load", "predict", "tags", "health_status"}
    assert all(threads == [thread] for threads in seen["threads"].values())
