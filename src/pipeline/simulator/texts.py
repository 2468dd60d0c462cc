"""Identifiers and texts as Arrow columns, made without a Python loop over rows."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def numbered(prefix: str, number: NDArray[np.int64], width: int) -> pa.Array:
    """Return `prefix` and a zero-padded number.

    Examples
    --------
    >>> numbered("M", np.array([7, 12]), 4).to_pylist()
    ['M0007', 'M0012']
    """
    digits = pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def named(
    names: Sequence[str] | pa.Array,
    position: NDArray[np.int64],
    valid: NDArray[np.bool_] | None = None,
) -> pa.Array:
    """Return the name at each position; null where it is not valid.

    Examples
    --------
    >>> named(["web", "store"], np.array([1, 0]), np.array([True, False])).to_pylist()
    ['store', None]
    """
    values = names if isinstance(names, pa.Array) else pa.array(list(names), pa.string())
    index = pa.array(position, mask=None if valid is None else ~valid)
    return pc.take(values, index)


def masked(values: pa.Array, valid: NDArray[np.bool_]) -> pa.Array:
    """Return the values where valid, null elsewhere."""
    return pc.if_else(pa.array(valid), values, pa.scalar(None, values.type))
