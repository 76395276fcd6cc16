"""Contracts: random rows, checks of answers, and errors of the file."""

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
def test_a_random_value_of_a_column_is_valid(
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
    assert contract.faults([[1, 0]], 2) == ["the answer to 2 rows has 1 rows"]
    assert contract.faults([[1, 2], [1]], 2) == [
        "row 0: u is 2, expected -inf to 1",
        "row 1: [1] must have 2 columns",
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
        ("{", "is not valid JSON"),
        ("[]", "contract.json is [], expected an object with features, targets"),
        ('{"targets": []}', "features is empty"),
        ('{"features": {}}', "contract.json.features is {}, expected a list"),
        ('{"features": [{"dtype": "INT"}]}', "features[0] has no 'name', expected name, dtype"),
        (
            '{"features": [{"name": "x", "type": "INT"}]}',
            "features[0] has a key 'type', expected only name, dtype, ftype",
        ),
        (
            '{"features": [{"name": "x", "dtype": "BOOL"}]}',
            "features[0].dtype is 'BOOL', expected one of FLOAT, INT, STRING",
        ),
        (
            '{"features": [{"name": "x", "ftype": "other"}]}',
            "ftype is 'other', expected one of continuous, categorical",
        ),
        ('{"features": [{"name": "x", "ftype": "categorical"}]}', "values must list"),
        ('{"features": [{"name": "x", "values": [1]}]}', "values must list"),
        ('{"features": [{"name": "x", "dtype": "STRING"}]}', "must be categorical"),
        ('{"features": [{"name": "x", "range": [2, 1]}]}', "range is [2, 1]"),
        ('{"features": [{"name": "x", "range": 2}]}', "range is 2"),
        ('{"features": [{"name": "x", "range": [1, "two"]}]}', "range is [1, 'two']"),
        ('{"features": [{"name": "x", "dtype": "INT", "range": [0.2, 0.8]}]}', "an integer of 64 bits"),
        ('{"features": [{"name": "x", "dtype": "INT", "range": [0, 1e30]}]}', "an integer of 64 bits"),
        (
            '{"features": [{"name": "x", "shape": [0]}]}',
            "features[0].shape[0] is 0, expected a whole number >= 1",
        ),
        ('{"features": [{"name": "x", "range": [0, 1%s]}]}' % ("0" * 400), "range is [0, 1000"),
        ('{"features": [{"name": "x", "shape": [1000, 1001]}]}', "at most 1000000 values"),
        (
            '{"features": [{"name": "x", "repeat": 0}]}',
            "features[0].repeat is 0, expected a whole number >= 1",
        ),
        ('{"features": [{"name": "x", "repeat": 1000001}]}', "expected a whole number <= 1000000"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"features": [{"name": "x", "shape": [2]}, {"name": "y"}]}', "must be the only one"),
    ],
)
def test_an_invalid_contract_is_refused_with_the_place(contract_file: Path, text: str, says: str) -> None:
    contract_file.write_text(text)
    with pytest.raises(ContractError, match=r"contract\.json") as refusal:
        read(contract_file)
    assert says in str(refusal.value)


def test_a_missing_contract_is_refused(contract_file: Path) -> None:
    with pytest.raises(
        ContractError, match=r"cannot read .*No such file or directory\. Name the folder of a component"
    ):
        read(contract_file)


def test_values_of_a_continuous_target_are_ignored(contract_file: Path) -> None:
    target = '{"name": "p", "dtype": "FLOAT", "ftype": "continuous", "values": [0, 1]}'
    contract_file.write_text('{"features": [{"name": "f"}], "targets": [' + target + "]}")
    assert read(contract_file).targets[0].values == ()
