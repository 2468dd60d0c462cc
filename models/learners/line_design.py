"""Encoded columns as standardised columns for linear models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.learners.encoder import FIRST, EncodedColumn
from models.learners.frame import FloatArray
from models.learners.linear import NumberTerm, scaled

#: A standardised column that varies less than this is constant but for rounding.
STILL = 1e-9


@dataclass(frozen=True)
class LineDesign:
    """How each encoded column becomes one or more columns of mean 0.

    Attributes
    ----------
    shapes : tuple
        Per encoded column, how a number is scaled, or how many codes a text has.
    mean : tuple of float
        Means that are taken off; a column that never varied in training is left out.
    kept : tuple of int
        Positions of the columns that varied.
    """

    shapes: tuple[NumberTerm | int, ...]
    mean: tuple[float, ...]
    kept: tuple[int, ...]

    @classmethod
    def fit(cls, matrix: FloatArray, columns: Sequence[EncodedColumn]) -> Self:
        """Learn scales and means from encoded training rows."""
        shapes = tuple(
            FIRST + len(column.levels) if column.kind == "text" else scaled(matrix[:, i])
            for i, column in enumerate(columns)
        )
        mean, kept = [], []
        for position, column in enumerate(_columns(matrix, shapes)):
            if column.std() > STILL:
                mean.append(float(column.mean()))
                kept.append(position)
        return cls(shapes, tuple(mean), tuple(kept))

    def transform(self, matrix: FloatArray) -> FloatArray:
        """Return the columns of the design, of shape (n, n_kept)."""
        chosen = dict(zip(self.kept, self.mean, strict=True))
        design = np.empty((len(matrix), len(chosen)))
        filled = 0
        for position, column in enumerate(_columns(matrix, self.shapes)):
            if position in chosen:
                design[:, filled] = column - chosen[position]
                filled += 1
        return design

    @property
    def source(self) -> NDArray[np.int64]:
        """Which encoded column each column of the design comes from."""
        widths = [shape if isinstance(shape, int) else 2 for shape in self.shapes]
        return np.repeat(np.arange(len(widths)), widths)[list(self.kept)]

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""
        shapes = [shape if isinstance(shape, int) else asdict(shape) for shape in self.shapes]
        return {"shapes": shapes, "mean": list(self.mean), "kept": list(self.kept)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Restore a fitted design."""
        shapes = (s if isinstance(s, int) else NumberTerm(**s) for s in document["shapes"])
        return cls(tuple(shapes), tuple(document["mean"]), tuple(document["kept"]))


def _columns(matrix: FloatArray, shapes: Sequence[NumberTerm | int]) -> Iterator[FloatArray]:
    """Yield the columns of the design one by one: all of them at once would not fit."""
    for i, shape in enumerate(shapes):
        values = matrix[:, i]
        if isinstance(shape, int):
            yield from ((values == code).astype(np.float64) for code in range(shape))
        else:
            yield shape.standardised(values)
            yield np.isnan(values).astype(np.float64)
