"""From any frame to a matrix of numbers, the same at training and at scoring.

Numbers, flags and times become float64, with NaN for missing. Text and categories become
codes: 0 is missing, 1 is unknown (unseen, or too rare in training to learn from), and the
rest are the values by falling frequency. Nothing of the outcome is used, so that one
encoder serves all folds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from models.learners.frame import FloatArray, FrameError, as_frame

Kind = Literal["number", "flag", "time", "text"]

MISSING = 0
UNKNOWN = 1
#: Code of the most frequent value.
FIRST = 2

_INFERRED: dict[str, Kind] = {
    "boolean": "flag",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "integer-na": "number",
    "decimal": "number",
    "empty": "number",
    "date": "time",
    "datetime": "time",
    "datetime64": "time",
    "string": "text",
}


@dataclass(frozen=True)
class EncodedColumn:
    """One column: how it is read and, for text, the values that have a code of their own."""

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()


class FrameEncoder:
    """Turns a frame into a matrix; remembers columns, kinds and text values.

    Parameters
    ----------
    max_levels : int
        Text values beyond the most frequent so many share the unknown code.
    min_rows : int
        So do values seen in fewer rows than this: what training teaches about them is what
        an unseen value gets.

    Examples
    --------
    >>> train = pd.DataFrame({"city": ["Taipei", "Taipei", "Tainan", None], "age": [31, 40, 25, 8]})
    >>> encoder = FrameEncoder(min_rows=1).fit(train)
    >>> encoder.transform(pd.DataFrame({"age": [50], "city": ["Hualien"]}))
    array([[ 1., 50.]])
    """

    def __init__(self, *, max_levels: int = 250, min_rows: int = 10) -> None:
        self.max_levels = max_levels
        self.min_rows = min_rows
        self.columns: tuple[EncodedColumn, ...] = ()

    def fit(self, X: Any) -> Self:
        """Learn the columns of X and the values of its text columns."""
        frame = as_frame(X)
        self.columns = tuple(
            EncodedColumn(name, kind, self._levels(frame[name]) if kind == "text" else ())
            for name, kind in ((name, _kind(frame[name])) for name in frame.columns)
        )
        return self

    def transform(self, X: Any) -> FloatArray:
        """Return the matrix, of shape (n, n_columns), columns in the order of training.

        Raises
        ------
        FrameError
            If a column is missing, is text where numbers were learned, or is infinite.
        """
        frame = as_frame(X, self.names)
        # Column by column in memory: that is how it is filled and how LightGBM bins it.
        matrix = np.empty((len(frame), len(self.columns)), order="F")
        for position, column in enumerate(self.columns):
            matrix[:, position] = _encoded(frame[column.name], column)
        infinite = [c.name for i, c in enumerate(self.columns) if np.isinf(matrix[:, i]).any()]
        if infinite:
            raise FrameError(
                f"infinity in {', '.join(infinite)}; set the value to missing or a limit"
            )
        return matrix

    @property
    def names(self) -> list[str]:
        """Names of the columns, in the order of the matrix."""
        return [column.name for column in self.columns]

    @property
    def text_positions(self) -> list[int]:
        """Positions of the columns that hold codes."""
        return [i for i, column in enumerate(self.columns) if column.kind == "text"]

    def unknown_shares(self, X: Any) -> dict[str, float]:
        """Return, per text column, the share of rows whose value has no code of its own."""
        matrix = self.transform(X)
        return {
            self.columns[i].name: float((matrix[:, i] == UNKNOWN).mean())
            for i in self.text_positions
        }

    def to_json(self) -> dict[str, Any]:
        """Return everything that `from_json` needs."""
        return {
            "max_levels": self.max_levels,
            "min_rows": self.min_rows,
            "columns": [
                {"name": c.name, "kind": c.kind, "levels": list(c.levels)} for c in self.columns
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Restore a fitted encoder."""
        encoder = cls(max_levels=document["max_levels"], min_rows=document["min_rows"])
        encoder.columns = tuple(
            EncodedColumn(c["name"], c["kind"], tuple(c["levels"])) for c in document["columns"]
        )
        return encoder

    def _levels(self, values: "pd.Series[Any]") -> tuple[str, ...]:
        counts = _as_text(values).value_counts()
        counts = counts[counts >= self.min_rows]
        by_frequency = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return tuple(str(level) for level, _ in by_frequency[: self.max_levels])


def _kind(values: "pd.Series[Any]") -> Kind:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(dtype):
        inferred = "string"
        if isinstance(dtype, np.dtype):  # plain objects, which may be anything
            inferred = pd.api.types.infer_dtype(values, skipna=True)
    elif pd.api.types.is_bool_dtype(dtype):
        inferred = "boolean"
    elif pd.api.types.is_numeric_dtype(dtype):
        inferred = "floating"
    elif pd.api.types.is_datetime64_any_dtype(dtype):
        inferred = "datetime"
    else:
        inferred = pd.api.types.infer_dtype(values, skipna=True)
    if pd.api.types.is_complex_dtype(dtype):
        raise FrameError(f"Complex data not supported: column {values.name}")
    try:
        return _INFERRED[inferred]
    except KeyError:
        raise FrameError(
            f"column {values.name} holds values of kind {inferred}; a column is numbers, flags, "
            "dates or text"
        ) from None


def _encoded(values: "pd.Series[Any]", column: EncodedColumn) -> FloatArray:
    if column.kind == "text":
        return _codes(values, column.levels)
    if column.kind == "time":
        return _days(values, column.name)
    if isinstance(values.dtype, pd.CategoricalDtype) and not values.isna().all():
        raise _not_numbers(values, column)
    try:
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    except (ValueError, TypeError):
        raise _not_numbers(values, column) from None


def _codes(values: "pd.Series[Any]", levels: Sequence[str]) -> FloatArray:
    text = _as_text(values)
    if isinstance(text.dtype, pd.CategoricalDtype):
        # Few categories stand for many rows: look each up once.
        of_category = _codes(pd.Series(text.cat.categories, dtype=object), levels)
        return np.concatenate(([float(MISSING)], of_category))[text.cat.codes.to_numpy() + 1]
    codes = pd.Index(list(levels), dtype="object").get_indexer(pd.Index(text.astype("object")))
    encoded = np.where(codes < 0, UNKNOWN, codes + FIRST)
    return np.where(text.isna().to_numpy(), MISSING, encoded).astype(np.float64)


def _as_text(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return values as text, categories kept; missing stays missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = [str(category) for category in values.cat.categories]
        return values.cat.rename_categories(names) if len(set(names)) == len(names) else values
    if pd.api.types.is_string_dtype(values.dtype):
        return values
    return values.astype(object).where(values.notna(), None).map(str, na_action="ignore")


def _days(values: "pd.Series[Any]", name: str) -> FloatArray:
    """Days since 1970 in UTC, with fractions."""
    try:
        times = pd.to_datetime(values, utc=True)
    except (ValueError, TypeError):
        raise FrameError(f"column {name} held dates in training, but now others") from None
    since = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return np.asarray(since.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _not_numbers(values: "pd.Series[Any]", column: EncodedColumn) -> FrameError:
    return FrameError(
        f"column {column.name} was a {column.kind} in training, but now holds {values.dtype} "
        "values; pass it with the type that it had"
    )
