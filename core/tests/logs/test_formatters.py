"""Each record is one line, and tells the request that it was made for."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import seldon_runtime
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.logs.formatters import JsonFormatter, TextFormatter
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.service import Service
from seldon_runtime.settings.values import Worker

Serve = Callable[..., Service]

user_log = logging.getLogger("acme.model")


class Lines(logging.Handler):
    """Keeps each record as a line."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def last(self) -> Any:
        return json.loads(self.lines[-1])


@pytest.fixture
def log() -> Iterator[Callable[[logging.Formatter], Lines]]:
    added = []

    def log(formatter: logging.Formatter) -> Lines:
        added.append(Lines(formatter))
        user_log.addHandler(added[-1])
        return added[-1]

    user_log.setLevel(logging.DEBUG)
    yield log
    for handler in added:
        user_log.removeHandler(handler)


Log = Callable[[logging.Formatter], Lines]


def call(**fields: Any) -> Call:
    return Call(Method.PREDICT, b'{"strData":"x"}', JsonCodec(Limits()), "test", **fields)


class Logging:
    """Logs in every way that user code has."""

    def __init__(self, way: str) -> None:
        self.way = way
        self.seen: str | None = None

    def predict(self, X: Any, names: Any) -> Any:
        self.seen = seldon_runtime.request_id()
        getattr(self, self.way)()
        return X

    def plain(self) -> None:
        user_log.info("in the call")

    def coroutine(self) -> None:
        async def work() -> None:
            user_log.info("in a coroutine")

        asyncio.run(work())

    def thread(self) -> None:
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(user_log.info, "in a thread"))
        thread.start()
        thread.join()


@pytest.mark.parametrize("way", ["plain", "coroutine", "thread"])
def test_user_code_logs_with_the_request_id_of_its_call(serve: Serve, log: Log, way: str) -> None:
    lines = log(JsonFormatter(Worker()))
    user = Logging(way)
    serve(user).call(call(request_id="r-17"))
    assert lines.last["request_id"] == user.seen == "r-17"


def test_a_request_without_id_gets_one_for_all_its_lines(serve: Serve, log: Log) -> None:
    lines = log(JsonFormatter(Worker()))
    user = Logging("plain")
    one, other = call(), call()
    service = serve(user)
    service.call(one)
    service.call(other)
    told = [json.loads(line)["request_id"] for line in lines.lines]
    assert told == [one.request_id, other.request_id]
    assert len(set(told)) == 2


def test_outside_of_calls_there_is_no_request_id(serve: Serve, log: Log) -> None:
    lines = log(JsonFormatter(Worker()))
    service = serve(Logging("plain"))
    service.call(call(request_id="r"))
    service.executor.run(lambda: user_log.info("the same thread, after the call"))
    assert "request_id" not in lines.last
    assert service.executor.run(seldon_runtime.request_id) is None


def test_a_json_line_has_time_level_logger_worker_and_exception(log: Log) -> None:
    lines = log(JsonFormatter(Worker(index=3, count=4)))
    try:
        try:
            {}["a"]
        except KeyError as error:
            raise ValueError("two\nlines") from error
    except ValueError:
        user_log.exception("%s failed", "it")
    (line,) = lines.lines
    assert "\n" not in line
    found = lines.last
    stack = found["exception"].pop("stack")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", found.pop("time"))
    assert found == {
        "level": "ERROR",
        "logger": "acme.model",
        "message": "it failed",
        "worker": {"pid": os.getpid(), "index": 3},
        "exception": {"type": "ValueError", "message": "two\nlines"},
    }
    assert stack.index("KeyError: 'a'") < stack.index("ValueError: two\nlines")


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ({"a": [1, None, 2.5]}, {"a": [1, None, 2.5]}),
        (float("nan"), "nan"),
        ({("a",): 1}, "{('a',): 1}"),
        (CYCLE, "[[...]]"),
        (Unspeakable(), "<Unspeakable whose str() fails>"),
        (b"\xff", "b'\\xff'"),
    ],
)
def test_extra_members_are_written_whatever_they_are(log: Log, given: Any, written: Any) -> None:
    lines = log(JsonFormatter(Worker()))
    user_log.info("x", extra={"request": given, "other": 1})
    assert lines.last["request"] == written
    assert lines.last["other"] == 1


def test_extra_cannot_replace_what_the_line_itself_tells(log: Log) -> None:
    lines = log(JsonFormatter(Worker()))
    user_log.info("x", extra={"time": "never", "level": "none", "request_id": "mine"})
    assert lines.last["level"] == "INFO"
    assert lines.last["time"] != "never"
    assert lines.last["request_id"] == "mine"


@given(st.text(st.characters()), st.text())
def test_any_message_is_one_json_line(message: str, extra: str) -> None:
    record = logging.makeLogRecord({"msg": message, "extra_text": extra})
    line = JsonFormatter(Worker()).format(record).encode("utf-8", "backslashreplace")
    assert b"\n" not in line
    assert b"\r" not in line
    found = json.loads(line)
    assert found["message"] == message
    assert found["extra_text"] == extra


def test_a_text_line_ends_with_the_request_id_unless_the_message_has_it(serve: Serve, log: Log) -> None:
    lines = log(TextFormatter(Worker()))
    serve(Logging("plain")).call(call(request_id="1"))
    assert lines.lines[-1].endswith("INFO acme.model: in the call [request 1]")
    user_log.info("failed, request 1", extra={"request_id": "1"})
    assert lines.lines[-1].endswith("INFO acme.model: failed, request 1")


@given(st.lists(st.floats(0, 2e9) | st.floats(1e9, 1e9 + 3), min_size=1, max_size=4))
def test_a_text_line_has_the_time_that_any_formatter_gives_it(times: list[float]) -> None:
    formatter = TextFormatter(Worker())
    for created in times:
        record = logging.makeLogRecord({"created": created, "msecs": (created - int(created)) * 1000})
        assert formatter.formatTime(record) == logging.Formatter().formatTime(record)


def test_a_text_line_names_the_worker_when_there_are_several(log: Log) -> None:
    lines = log(TextFormatter(Worker(index=1, count=2)))
    try:
        raise ValueError("no")
    except ValueError:
        user_log.exception("x", extra={"request_id": "r"})
    first, *rest = lines.lines[-1].splitlines()
    assert first.endswith("ERROR worker 1 acme.model: x [request r]")
    assert rest[-1] == "ValueError: no"


def test_a_record_that_another_process_made_keeps_its_traceback(log: Log) -> None:
    lines = log(JsonFormatter(Worker()))
    user_log.handle(logging.makeLogRecord({"msg": "x", "exc_text": "Traceback …", "levelno": 40}))
    assert lines.last["exception"] == {"stack": "Traceback …"}


def test_exception_without_one_is_a_plain_line(log: Log) -> None:
    lines = log(JsonFormatter(Worker()))
    assert sys.exc_info()[0] is None
    user_log.exception("nothing was raised")
    assert "exception" not in lines.last


FORGED = "2026-01-01 00:00:00,000 CRITICAL fake: owned"


def test_foreign_text_forges_no_record(log: Callable[[logging.Formatter], Lines]) -> None:
    lines = log(TextFormatter(Worker()))
    user_log.info("got %s", f"a\n{FORGED}\x1b[31m", extra={"request_id": f"b\n{FORGED}"})
    try:
        raise ValueError(f"c\n{FORGED}")
    except ValueError:
        user_log.exception("failed")
    text = "\n".join(lines.lines)
    assert text.count(FORGED) == 3
    assert not any(line.startswith(FORGED) for line in text.splitlines())
    assert "\x1b" not in text


@pytest.mark.parametrize("make", [TextFormatter, JsonFormatter])
def test_credentials_in_addresses_are_hidden(
    log: Callable[[logging.Formatter], Lines], make: Callable[[Worker], logging.Formatter]
) -> None:
    lines = log(make(Worker()))
    user_log.info("store %s", "redis://u:sesame@h/0", extra={"address": "https://v:sesame@i/"})
    try:
        raise ValueError("no answer of redis://u:sesame@h/0")
    except ValueError:
        user_log.exception("failed")
    text = "\n".join(lines.lines)
    assert "redis://***@h/0" in text
    assert "sesame" not in text
