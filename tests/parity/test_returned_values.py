"""Every row of the table "Results of a method", on every transport."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seldon_runtime.errors import ErrorCode, SeldonError
from seldon_runtime.inference.identity import ServiceType
from seldon_runtime.protocols.non_finite import NonFinite
from seldon_runtime.testing.parity import assert_same_answer
from tests.support import returned_rule
from tests.support.paths import DOCS

from .both import Both
from .test_values import ARRAYS, Gives, by_grpc, by_json, by_neutral, by_rest

STRATEGIES = {**returned_rule.ROWS, **returned_rule.frameworks()}
BUILT_IN = ["`numpy.ndarray`, a list, a tuple", "`str`", "`bytes`", "`dict`, any `Mapping`"]
"""The rows that ``core/tests/component/test_result.py`` holds."""
Ask = Callable[[Any], Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Both]:
    server = Both(Gives(), ServiceType.MODEL)
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["rest", "grpc", "json", "neutral"])
def ask(request: pytest.FixtureRequest, server: Both) -> Ask:
    """``ask(request)`` returns the answer over one transport, as protobuf JSON."""
    ways: dict[str, Ask] = {
        "rest": partial(by_rest, server),
        "grpc": partial(by_grpc, server),
        "json": partial(by_json, server, NonFinite.NULL),
        "neutral": partial(by_neutral, server, NonFinite.NULL),
    }
    return ways[request.param]


@pytest.mark.parametrize("row", [*returned_rule.ROWS, *returned_rule.LIBRARY_OF])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(draw=st.data())
def test_a_row_of_the_table(server: Both, ask: Ask, row: str, draw: st.DataObject) -> None:
    if row not in STRATEGIES:
        pytest.skip(f"{returned_rule.LIBRARY_OF[row]} is not installed")
    server.user.result, expected = draw.draw(STRATEGIES[row])
    assert_same_answer(expected, {**ask(ARRAYS["ndarray"]), "meta": {}})


def test_the_page_has_these_rows() -> None:
    page = (DOCS / "reference" / "values.md").read_text("utf-8")
    section = page.split("## Results of a method")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| ", section, re.M)
    assert rows[1:5] == BUILT_IN
    assert set(rows[5:]) == {*returned_rule.ROWS, *returned_rule.LIBRARY_OF}


def test_a_tensor_of_a_device_is_copied_once(server: Both, ask: Ask) -> None:
    tensor = returned_rule.Device(returned_rule.np.array([[1.5]]))
    server.user.result = tensor
    assert ask(ARRAYS["ndarray"])["data"]["ndarray"] == [[1.5]]
    assert tensor.copies == 1


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        (1j, r"Return its \.real and \.imag"),
        (iter([1]), r"Return list\(value\)"),
        (object(), r"Return str\(value\), or a dict of its parts"),
        ({"m": returned_rule.scipy.sparse.csr_array((1, 1))}, r"return value\.toarray\(\)"),
        ({"i": returned_rule.Image.new("L", (1, 1))}, "Return the image alone"),
        (returned_rule.Image.new("CMYK", (1, 1)), r"image\.convert\('RGB'\)"),
        ({"b": b"raw"}, "base64"),
    ],
)
def test_a_refused_value_says_how_to_convert_it(server: Both, ask: Ask, value: Any, remedy: str) -> None:
    server.user.result = value
    with pytest.raises(SeldonError, match=remedy) as caught:
        ask(ARRAYS["ndarray"])
    assert caught.value.code is ErrorCode.COMPONENT_FAILED
