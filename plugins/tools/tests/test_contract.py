"""What a contract allows, and what it says of answers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seldon_runtime_tools.contract import Column, Contract
from seldon_runtime_tools.contract_file import ContractError, read

BOUNDS = st.tuples(
    st.floats(-1e6, 1e6) | st.just(-math.inf), st.floats(-1e6, 1e6) | st.just(math.inf)
).filter(
    lambda bounds: math.floor(bounds[1]) >= math.ceil(bounds[0]) if all(map(math.isfinite, bounds)) else True
)


@given(
    st.sampled_from(["FLOAT", "INT"]),
    BOUNDS,
    st.lists(st.integers(1, 3), max_size=2),
    st.integers(0, 2**32),
)
def test_what_a_column_draws_has_no_fault_of_its_own(
    dtype: str, bounds: tuple[float, float], shape: list[int], seed: int
) -> None:
    column = Column("c", dtype, *bounds, shape=tuple(shape))
    value = column.sample(np.random.default_rng(seed))
    assert column.fault(value) is None
    json.dumps(value)


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_categorical_column_draws_only_its_values(shape: tuple[int, ...]) -> None:
    column = Column("c", "STRING", values=("low", "high"), shape=shape)
    drawn = [column.sample(np.random.default_rng(seed)) for seed in range(20)]
    assert {text for value in drawn for text in np.ravel(value)} == {"low", "high"}
    assert not any(column.fault(value) for value in drawn)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Column("c", lowest=0, highest=1), 1.5),
        (Column("c", lowest=0, highest=1), math.nan),
        (Column("c", "INT"), 0.5),
        (Column("c"), "0.5"),
        (Column("c"), True),
        (Column("c"), None),
        (Column("c", "STRING"), 1),
        (Column("c", values=(1, 2)), 3),
        (Column("c", shape=(2,)), [1.0]),
        (Column("c", shape=(2,)), 1.0),
        (Column("c", shape=(2,), highest=1), [1.0, 2.0]),
    ],
)
def test_a_value_that_does_not_fit_is_a_fault_that_names_the_column(column: Column, value: Any) -> None:
    assert "c " in (column.fault(value) or "")


def test_rows_and_columns_are_counted() -> None:
    contract = Contract((Column("a"),), (Column("t"), Column("u", highest=1)))
    assert contract.faults([[1, 0]], 1) == []
    assert contract.faults([[1, 0]], 2) == ["1 rows were answered to 2"]
    assert contract.faults([[1, 2], [1]], 2) == [
        "row 0: u is 2, expected -inf to 1",
        "row 1: [1] does not have 2 columns",
    ]


def test_a_feature_with_a_shape_is_the_row_itself() -> None:
    image = Contract((Column("image", "INT", 0, 255, shape=(2, 3)),), ())
    assert np.shape(image.rows(4, np.random.default_rng(0))) == (4, 2, 3)


@pytest.fixture
def contract_file(tmp_path: Path) -> Path:
    return tmp_path / "contract.json"


def test_a_repeated_column_stands_for_several(contract_file: Path) -> None:
    contract_file.write_text('{"features": [{"name": "x", "range": [0, 1], "repeat": 3}], "targets": []}')
    contract = read(contract_file)
    assert contract.names == ["x:0", "x:1", "x:2"]
    assert all((column.lowest, column.highest) == (0, 1) for column in contract.features)


@pytest.mark.parametrize("low", ["inf", "-inf"])
def test_either_infinity_is_an_open_low_end(contract_file: Path, low: str) -> None:
    contract_file.write_text(json.dumps({"features": [{"name": "x", "range": [low, "inf"]}]}))
    (column,) = read(contract_file).features
    assert (column.lowest, column.highest) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("[]", "expected an object"),
        ('{"targets": []}', "features is empty"),
        ('{"features": {}}', "features is no list"),
        ('{"features": [{"dtype": "INT"}]}', "features[0] is no object with a name"),
        ('{"features": [{"name": "x", "type": "INT"}]}', "features[0] has 'type'"),
        ('{"features": [{"name": "x", "dtype": "BOOL"}]}', "dtype is 'BOOL'"),
        ('{"features": [{"name": "x", "ftype": "other"}]}', "ftype is 'other'"),
        ('{"features": [{"name": "x", "ftype": "categorical"}]}', "values must list"),
        ('{"features": [{"name": "x", "values": [1]}]}', "values must list"),
        ('{"features": [{"name": "x", "dtype": "STRING"}]}', "must be categorical"),
        ('{"features": [{"name": "x", "range": [2, 1]}]}', "range is [2, 1]"),
        ('{"features": [{"name": "x", "range": 2}]}', "range is 2"),
        ('{"features": [{"name": "x", "range": [1, "two"]}]}', "range is [1, 'two']"),
        ('{"features": [{"name": "x", "dtype": "INT", "range": [0.2, 0.8]}]}', "holds no whole number"),
        ('{"features": [{"name": "x", "dtype": "INT", "range": [0, 1e30]}]}', "holds no whole number"),
        ('{"features": [{"name": "x", "shape": [0]}]}', "shape is [0]"),
        ('{"features": [{"name": "x", "range": [0, 1%s]}]}' % ("0" * 400), "range is [0, 1000"),
        ('{"features": [{"name": "x", "shape": [1000, 1001]}]}', "at most 1000000 values"),
        ('{"features": [{"name": "x", "repeat": 0}]}', "repeat is 0"),
        ('{"features": [{"name": "x", "repeat": 1000001}]}', "at most 1000000"),
        ("[" * 100_000, "is no JSON"),
        ('{"features": [{"name": "x", "shape": [2]}, {"name": "y"}]}', "must be the only one"),
    ],
)
def test_a_contract_that_is_none_is_refused_with_the_place(contract_file: Path, text: str, says: str) -> None:
    contract_file.write_text(text)
    with pytest.raises(ContractError, match=r"contract\.json") as refusal:
        read(contract_file)
    assert says in str(refusal.value)


def test_a_missing_contract_is_refused(contract_file: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        read(contract_file)
