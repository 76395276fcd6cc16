"""The quick way for columns of text, against pandas' own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime.component.hints.pandas_texts import text_columns
from seldon_runtime.protocols.arrays import object_array

OF_TEXTS = text_columns(pd.DataFrame)
needs_arrow = pytest.mark.skipif(OF_TEXTS is None, reason="pandas 3 and PyArrow are not installed")


@needs_arrow
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_text_is_as_pandas_makes_it(texts: list[str]) -> None:
    assert OF_TEXTS is not None
    column = object_array(texts)
    found, wanted = (pd.DataFrame({"a": values}) for values in (OF_TEXTS(column), column))
    pd.testing.assert_frame_equal(found, wanted)
    assert found.dtypes.equals(wanted.dtypes)


@needs_arrow
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.none() | st.integers() | st.floats()))
def test_a_column_with_other_values_is_left_to_pandas(values: list[Any]) -> None:
    assert OF_TEXTS is not None
    column = object_array(values)
    if {*map(type, values)} != {str}:
        assert OF_TEXTS(column) is column


@needs_arrow
@pytest.mark.parametrize("column", [np.array([1.5]), np.array(["a", "\ud800"], object), np.array(["a"])])
def test_other_columns_are_kept(column: Any) -> None:
    assert OF_TEXTS is not None
    assert OF_TEXTS(column) is column


def test_frames_with_text_of_another_type_make_their_columns_themselves() -> None:
    assert text_columns(lambda columns: {"a": SimpleNamespace(dtype=np.dtype(object))}) is None
    assert (
        text_columns(lambda columns: {"a": SimpleNamespace(dtype=SimpleNamespace(storage="python"))}) is None
    )
