"""The check of a request against the tensors that the model declares, before the component is called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from seldon_runtime.plugin import SeldonError
from seldon_runtime_v2.mapping.model import Declared
from seldon_runtime_v2.mapping.tensors import InputTensor


def check_inputs(inputs: Sequence[InputTensor], declared: Mapping[str, Declared]) -> None:
    """Raise SeldonError (BAD_DATA) when inputs are not those that the model declares; it may declare none.

    Names, datatypes, ranks and fixed sizes must fit.
    """
    if not declared:
        return
    for given in inputs:
        wanted = declared.get(given.name)
        if wanted is None:
            raise _unknown(f"the model has no input {given.name!r:.80}", declared)
        if wanted.datatype is not given.datatype:
            raise SeldonError(
                f"the input {given.name!r} has the datatype {given.datatype.name}, "
                f"expected {wanted.datatype.name}"
            )
        if not _fits(given.array.shape, wanted.shape):
            raise SeldonError(
                f"the input {given.name!r} has the shape {list(given.array.shape)}, "
                f"expected {list(wanted.shape)} (-1 stands for any size)"
            )
    if len(inputs) < len(declared):
        missing = sorted(set(declared) - {given.name for given in inputs})
        raise SeldonError(f"the input {missing[0]!r} is missing, expected {', '.join(declared)}")


def check_outputs(names: Collection[str], declared: Mapping[str, Any]) -> None:
    """Raise SeldonError (BAD_DATA) when a requested output is not among the known ones."""
    for name in names:
        if name not in declared:
            raise _unknown(f"the model has no output {name!r:.80}", declared)


def _fits(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(size == fixed or fixed < 0 for size, fixed in pairs)


def _unknown(problem: str, known: Mapping[str, Any]) -> SeldonError:
    return SeldonError(f"{problem}, expected {', '.join(known) or 'none'}")
