"""What the model goes by: contributions in probability points, summed up over test rows."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from models.learning import Explainer

#: Rows that are explained, and features that are shown.
MOST_ROWS, SHOWN = 1000, 15
_THIRDS = 3


class Contribution(BaseModel):
    """What one feature adds.

    Attributes
    ----------
    size : float
        Mean of the absolute contributions, in [0, 1].
    low, high : float
        Between these lie nine tenths of the contributions.
    by_third : list of float
        Mean contribution of rows with a low, a middling and a high value; empty for texts.
    missing : float, optional
        That of rows without a value.
    """

    model_config = ConfigDict(frozen=True)

    feature: str
    size: float
    low: float
    high: float
    by_third: list[float]
    missing: float | None


class Contributions(BaseModel):
    """The features that add most, of `rows` explained rows; `others` is what the rest adds."""

    model_config = ConfigDict(frozen=True)

    rows: int
    shown: list[Contribution]
    others: float


def contributions_of(learner: Explainer, X: pd.DataFrame, *, seed: int) -> Contributions:
    """Explain at most 1,000 rows, drawn at random."""
    drawn = np.random.default_rng(seed).permutation(len(X))[:MOST_ROWS]
    rows = X.iloc[np.sort(drawn)]
    points = learner.explain(rows).iloc[:, 1:]
    size = points.abs().mean().sort_values(ascending=False, kind="stable")
    return Contributions(
        rows=len(rows),
        shown=[
            _summed_up(str(name), rows[name], points[name].to_numpy(dtype=float))
            for name in size.index[:SHOWN]
        ],
        others=float(size.iloc[SHOWN:].sum()),
    )


def _summed_up(name: str, values: pd.Series, points: NDArray[np.float64]) -> Contribution:
    low, high = np.quantile(points, (0.05, 0.95))
    missing = values.isna().to_numpy()
    return Contribution(
        feature=name,
        size=float(np.abs(points).mean()),
        low=float(low),
        high=float(high),
        by_third=_by_third(values[~missing], points[~missing]),
        missing=float(points[missing].mean()) if missing.any() else None,
    )


def _by_third(values: pd.Series, points: NDArray[np.float64]) -> list[float]:
    if not pd.api.types.is_numeric_dtype(values) or len(values) < _THIRDS:
        return []
    order = np.argsort(values.to_numpy(dtype=float), kind="stable")
    return [float(points[part].mean()) for part in np.array_split(order, _THIRDS)]
