"""What every learner here accepts: any frame of features, outcomes of 0 and 1, and weights."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class FrameError(ValueError):
    """The rows cannot be learned from, or scored; the message names the columns."""


def as_frame(X: Any, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return X as a frame with text column names.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n, n_columns)
        A frame is returned as it is; an array gets the names `x0`, `x1`, ...
    columns : sequence of str, optional
        What the learner was fitted on: chosen by name from a frame, whatever their order.

    Raises
    ------
    FrameError
        If X has no row or column, a name occurs twice, or columns are missing.
    """
    if hasattr(X, "toarray"):
        raise TypeError("X is a sparse matrix, but a dense array or a data frame is needed")
    if isinstance(X, pd.DataFrame):
        frame = X if all(isinstance(name, str) for name in X) else X.rename(columns=str)
    else:
        frame = _from_array(X)
    if columns is not None:
        return _chosen(frame, columns, named=isinstance(X, pd.DataFrame))
    for count, noun in zip(frame.shape, ("sample(s)", "feature(s)"), strict=True):
        if not count:
            raise FrameError(
                f"X has 0 {noun} (shape={frame.shape}) while a minimum of 1 is required."
            )
    twice = sorted(set(frame.columns[frame.columns.duplicated()]))
    if twice:
        raise FrameError(f"X has several columns named {', '.join(twice)}; rename or drop them")
    return frame


def as_outcomes(y: Any, X: pd.DataFrame, *, name: str = "y") -> FloatArray:
    """Return y as an array of 0 and 1, one per row of X.

    Rows are matched by position. A duplicate index is therefore harmless, but an index that
    shows another order than that of X is refused. `name` is what messages call y.

    Raises
    ------
    FrameError
        If lengths differ, a value is missing or neither 0 nor 1, or only one of them occurs.
    """
    if y is None:
        raise FrameError("requires y to be passed, but the target y is None")
    if isinstance(y, pd.Series) and not y.index.equals(X.index):
        _refuse_another_order(y.index, X.index)
    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:  # noqa: PLR2004 - a frame of one column
        values = _flattened(values)
    if values.ndim != 1 or len(values) != len(X):
        raise FrameError(
            f"{name} has shape {values.shape}, but X has {len(X)} rows: "
            "one outcome per row is needed"
        )
    missing = int(pd.isna(values).sum())
    if missing:
        raise FrameError(
            f"{name} has {missing} missing values (NaN) in {len(values)} rows; drop the rows whose "
            "outcome is not known yet"
        )
    if not np.isin(values, (0, 1)).all():
        raise _no_outcomes(values, name)
    outcome = values.astype(np.float64)
    if outcome.min() == outcome.max():
        raise FrameError(
            f"{name} has one class only: all {len(outcome)} outcomes are {outcome[0]:.0f}. "
            "Both 0 and 1 are needed; check the label, or use a longer outcome window"
        )
    return outcome


def as_weights(sample_weight: Any, rows: int) -> FloatArray:
    """Return one weight per row; ones where none are given.

    Raises
    ------
    FrameError
        If lengths differ, or a weight is missing or negative.
    """
    if sample_weight is None:
        return np.ones(rows)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (rows,):
        raise FrameError(f"sample_weight has shape {weight.shape}, but X has {rows} rows")
    if not np.isfinite(weight).all() or weight.min() < 0:
        raise FrameError("sample_weight has missing or negative values; weights are 0 or more")
    if not weight.any():
        raise FrameError("sample_weight is zero for every row, so nothing can be learned")
    return weight


def as_offset(keep_rate: Any, rows: int) -> FloatArray:
    """Return, per row, the log-odds that thinning the negatives added: -log(share kept).

    Raises
    ------
    FrameError
        If `keep_rate` is neither one share nor one per row, in (0, 1].
    """
    kept = np.asarray(keep_rate, dtype=np.float64)
    if kept.shape not in {(), (rows,)} or not ((kept > 0) & (kept <= 1)).all():
        raise FrameError(
            f"keep_rate has shape {kept.shape} and has to be one share, or one per row "
            f"({rows}), in (0, 1]"
        )
    return np.broadcast_to(-np.log(kept), (rows,)).copy()


def _flattened(values: NDArray[Any]) -> NDArray[Any]:
    from sklearn.exceptions import DataConversionWarning

    message = "A column-vector y was passed when a 1d array was expected; pass y.ravel()"
    warnings.warn(message, DataConversionWarning, stacklevel=4)
    return values[:, 0]


def _no_outcomes(values: NDArray[Any], name: str) -> FrameError:
    from sklearn.utils.multiclass import type_of_target

    found = sorted({str(value) for value in values[:10_000]})
    shown = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")  # noqa: PLR2004 - enough
    kind = type_of_target(values)
    return FrameError(
        f"{name} holds {shown}, but an outcome is 0 or 1 (or False, True); map your labels, for "
        "example y = (label == 'yes'). Only binary classification is supported. The type of "
        f"the target is {kind}."
    )


def _from_array(X: Any) -> pd.DataFrame:
    values = np.asarray(X)
    if np.iscomplexobj(values):
        raise FrameError("Complex data not supported: X has complex numbers")
    if values.ndim != 2:  # noqa: PLR2004 - rows and columns
        raise FrameError(
            f"X has shape {values.shape}, but rows and columns are needed. Reshape your data "
            "with X.reshape(-1, 1) if it is one feature"
        )
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])])


def _chosen(frame: pd.DataFrame, columns: Sequence[str], *, named: bool) -> pd.DataFrame:
    if not named and frame.shape[1] != len(columns):
        raise FrameError(
            f"X has {frame.shape[1]} features, but FrameEncoder is expecting {len(columns)} "
            "features as input"
        )
    names = set(frame.columns)
    missing = [name for name in columns if name not in names]
    if missing:
        raise FrameError(
            f"X lacks {len(missing)} of the {len(columns)} columns the learner was fitted on: "
            f"{', '.join(missing)}. Add them (null where unknown)"
        )
    return frame[list(columns)]


def _refuse_another_order(ours: "pd.Index[Any]", theirs: "pd.Index[Any]") -> None:
    same_labels = (
        len(ours) == len(theirs)
        and ours.is_unique
        and ours.sort_values().equals(theirs.sort_values())
    )
    if same_labels:
        raise FrameError(
            "y has the index of X in another order; rows are matched by position, so pass "
            "y.loc[X.index]"
        )
