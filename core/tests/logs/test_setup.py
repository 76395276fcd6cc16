"""Logging in process: the access log, what does not fit, and others who configure logging."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from seldon_runtime.errors import SeldonError
from seldon_runtime.inference.call import Call
from seldon_runtime.inference.limits import Limits
from seldon_runtime.inference.method import Method
from seldon_runtime.protocols.v1.codec import JsonCodec
from seldon_runtime.service.access_log import AccessLog
from seldon_runtime.service.service import Service

Serve = Callable[..., Service]

CONFIGURED = """
    import logging, sys, threading, warnings
    import click
    from seldon_runtime.logs import setup
    from seldon_runtime.settings import options
    from seldon_runtime.settings.values import Settings

    words = sys.argv[1:]
    values = click.Command("x", params=list(options.options())).make_context("x", words).params
    setup.configure(Settings(values))
    log = logging.getLogger("acme")
"""


def logged(source: str, *words: str) -> list[str]:
    """The lines on standard error of a program that has configured logging."""
    code = textwrap.dedent(CONFIGURED) + textwrap.dedent(source)
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=30)
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def in_json(source: str, *words: str) -> list[Any]:
    return [json.loads(line) for line in logged(source, "--log-format", "json", *words)]


def test_the_level_is_the_options() -> None:
    lines = logged("log.info('a'); log.warning('b')", "--log-level", "warning")
    assert [line.split(" ", 2)[2] for line in lines] == ["WARNING acme: b"]


def test_a_message_that_does_not_fit_its_arguments_is_told_and_breaks_nothing() -> None:
    first, second = in_json("log.info('%d', 'x'); log.info('after')")
    assert first["level"] == "ERROR"
    assert first["exception"]["type"] == "TypeError"
    assert first["message"].startswith("a message logged at <string>:")
    assert second["message"] == "after"


def test_a_formatter_of_user_code_that_fails_breaks_nothing() -> None:
    source = """
        logging.getLogger().handlers[0].setFormatter(logging.Formatter("%(nobody_gave_this)s"))
        log.info("x")
    """
    (line,) = in_json(source)
    assert "nobody_gave_this" in line["exception"]["message"]


def test_what_python_prints_over_several_lines_is_one_json_line_each() -> None:
    source = """
        class Bad:
            def __del__(self):
                raise OSError("in a finalizer")
        def work():
            raise KeyError("in a thread")
        warnings.warn("two\\nlines", stacklevel=1)
        thread = threading.Thread(target=work, name="mine")
        thread.start()
        thread.join()
        Bad()
        threading.Thread(target=sys.exit).start()
        raise ValueError("at last")
    """
    warned, thread, finalizer, last = in_json(source)
    assert warned["logger"] == "py.warnings"
    assert thread["message"] == "the thread mine ended"
    assert thread["exception"]["message"] == "'in a thread'"
    assert finalizer["exception"]["type"] == "OSError"
    assert last["exception"]["message"] == "at last"
    assert last["level"] == "CRITICAL"


@pytest.mark.parametrize(
    "end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "ctypes.string_at(0)", "faulthandler._sigsegv()"]
)
def test_the_last_words_before_a_crash_are_in_the_log(end: str) -> None:
    """A queue with a thread that writes would lose them, and they are those that matter."""
    lines = logged(f"import ctypes, faulthandler, os; log.error('last words'); {end}")
    assert lines[0].endswith("ERROR acme: last words")


def test_a_forked_process_logs_too() -> None:
    source = """
        import os
        log.info("parent")
        child = os.fork()
        if child == 0:
            log.info("child")
            os._exit(0)
        os.waitpid(child, 0)
        log.info("parent again")
    """
    assert [line.rpartition(" acme: ")[2] for line in logged(source)] == ["parent", "child", "parent again"]


def test_lines_stand_in_order_with_what_others_write_to_standard_error() -> None:
    lines = logged("import os; log.info('a'); os.write(2, b'b\\n'); log.info('c'); os.write(2, b'd\\n')")
    assert [line[-1] for line in lines] == ["a", "b", "c", "d"]


def test_user_code_may_configure_logging_itself() -> None:
    source = """
        logging.basicConfig(format="never used")
        log.info("ours")
        logging.basicConfig(force=True, format="%(message)s!", level="DEBUG")
        log.debug("theirs")
    """
    ours, theirs = logged(source)
    assert ours.endswith("INFO acme: ours")
    assert theirs == "theirs!"


def test_a_logger_that_is_configured_already_is_left_alone_and_the_option_told_off() -> None:
    source = textwrap.dedent(CONFIGURED)
    code = "import logging; logging.basicConfig(format='mine %(message)s')" + source + "log.warning('x')"
    words = [sys.executable, "-c", code, "--log-format", "json"]
    lines = subprocess.run(words, capture_output=True, text=True, timeout=30).stderr.splitlines()
    assert lines[0].endswith("--log-format has no effect")
    assert lines[1] == "mine x"


class Model:
    def predict(self, X: Any, names: Any) -> Any:
        if X == "fail":
            raise ValueError("no")
        if X == "refuse":
            raise SeldonError("no", status_code=418)
        return X


@pytest.fixture
def accesses(serve: Serve, caplog: pytest.LogCaptureFixture) -> Callable[[Call], Any]:
    """The line and the facts of the access log for one call."""
    service = serve(Model())
    caplog.set_level("WARNING")
    caplog.handler.setLevel("DEBUG")  # the fixture set it too
    service.attach([AccessLog()], [])

    def accesses(call: Call) -> Any:
        caplog.clear()
        service.submit(call, lambda answer, error: None)
        service.executor.run(lambda: None)
        return [(r.getMessage(), r.access) for r in caplog.records if r.name == "seldon_runtime.access"]  # type: ignore[attr-defined]

    return accesses


def call(text: str = "x", method: Method = Method.PREDICT, **fields: Any) -> Call:
    body = b'{"strData":"%s"}' % text.encode()
    return Call(method, body, JsonCodec(Limits()), "test", request_bytes=len(body), **fields)


def test_the_access_log_has_a_line_for_each_call_whatever_the_log_level(
    accesses: Callable[[Call], Any],
) -> None:
    ((line, facts),) = accesses(call(target="/a b", client=("::1", 80), request_id="r"))
    assert facts.pop("waited_ms") >= 0
    assert facts.pop("ran_ms") > 0
    assert facts == {
        "method": "predict",
        "transport": "test",
        "target": "/a b",
        "status": "OK",
        "request_bytes": 15,
        "response_bytes": 25,
        "client": "[::1]:80",
    }
    assert line.startswith("[::1]:80 test /a b OK, waited ")
    assert line.endswith(" ms, 15 bytes in, 25 out")


@pytest.mark.parametrize(("text", "status"), [("fail", "COMPONENT_FAILED"), ("refuse", "BAD_DATA")])
def test_the_access_log_tells_errors(accesses: Callable[[Call], Any], text: str, status: str) -> None:
    ((_, facts),) = accesses(call(text))
    assert facts["status"] == status
    assert facts["response_bytes"] == 0
    assert facts["client"] == "-"


def test_what_a_client_sends_cannot_make_lines_of_its_own(accesses: Callable[[Call], Any]) -> None:
    ((line, facts),) = accesses(call(target="/x\nINFO forged"))
    assert "\n" not in line
    assert facts["target"] == "/x\nINFO forged"  # JSON escapes it


def test_probes_are_not_in_the_access_log(accesses: Callable[[Call], Any]) -> None:
    assert accesses(call(method=Method.HEALTH_STATUS)) == []
