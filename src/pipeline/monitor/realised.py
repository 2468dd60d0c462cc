"""What was predicted against what happened, after the outcome window has closed."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from models.measures import (
    MeasureError,
    Resample,
    calibration_slope,
    lift_at,
    observed_over_expected,
    roc_auc,
)
from pipeline.evaluation import Figure

#: Into how many bands of equally many rows a score set is cut, best first.
BANDS = 10


class Band(BaseModel):
    """One band of a score set.

    Attributes
    ----------
    rows : int
        How many were scored there.
    predicted, happened : float
        Mean probability, and share of rows with the outcome; of offers, mean effects.
    low, high : float
        Interval of what happened, by whole customers.
    """

    model_config = ConfigDict(frozen=True)

    rows: int
    predicted: float
    happened: float
    low: float
    high: float


class Realised(BaseModel):
    """How the predictions of one score set came true.

    Attributes
    ----------
    version, score_set : str
        Who made them, and the set.
    as_of, closed_on : date
        Its cut-off, and the first day after its outcome window.
    rows, outcomes : int
        Rows that were judged, and how many of them had the outcome.
    measures : dict of str to Figure
        With intervals by whole customers.
    promised : dict of str to Figure
        What the test had said of the version, where that compares.
    bands : list of Band
        Best first.
    note : str
        What is not said, and why.
    """

    model_config = ConfigDict(frozen=True)

    version: str
    score_set: str
    as_of: date
    closed_on: date
    rows: int
    outcomes: int
    measures: dict[str, Figure] = {}
    promised: dict[str, Figure] = {}
    bands: list[Band] = []
    note: str = ""


def judged(
    rows: pd.DataFrame, *, list_size: int, level: float, draws: int, seed: int
) -> tuple[dict[str, Figure], list[Band]]:
    """Measure predictions against outcomes, with intervals that draw whole customers.

    Parameters
    ----------
    rows : DataFrame of shape (n_rows, n_columns)
        `customer_id`, `probability` and `label`, best first; `in_window` for dates.
    list_size : int
        Length of the list at which the lift is taken.
    level, draws, seed
        Of the bootstrap.

    Returns
    -------
    measures, bands
        Observed over expected, calibration slope, ROC-AUC and lift; see `Realised`. A measure
        that has no value here is left out.
    """
    y, said = rows["label"].to_numpy(np.int8), rows["probability"].to_numpy(np.float64)
    resample = Resample(y, groups=rows["customer_id"], draws=draws, seed=seed)
    share = min(1.0, max(1, list_size) / len(rows))
    taken: dict[str, tuple[Any, dict[str, Any]]] = {
        "observed_over_expected": (observed_over_expected, {}),
        "calibration_slope": (calibration_slope, {}),
        "roc_auc": (roc_auc, {}),
        "lift_at_list_size": (lift_at, {"share": share}),
    }
    measures = {}
    for name, (measure, options) in taken.items():
        try:
            found = resample.estimate(measure, said, level=level, **options)
        except MeasureError:
            continue
        measures[name] = Figure(value=found.value, low=found.low, high=found.high)
    if "in_window" in rows:
        came = rows["in_window"].dropna().astype(float)
        measures["window_share"] = _share(float(came.sum()), len(came), level=level)
    return measures, _bands(rows, level=level)


def _bands(rows: pd.DataFrame, *, level: float) -> list[Band]:
    """Cut rows into bands; the interval of each allows for customers with several rows."""
    found = []
    for places in np.array_split(np.arange(len(rows)), min(BANDS, len(rows))):
        band = rows.iloc[places]
        each = band.groupby("customer_id", sort=False)["label"].agg(["sum", "size"])
        rate = float(band["label"].mean())
        # How much more the total varies than if every row were a customer of its own.
        clumped = float(((each["sum"] - rate * each["size"]) ** 2).sum())
        alone = max(len(band) * rate * (1 - rate), 1e-12)
        effective = len(band) / max(1.0, clumped / alone)
        share = _share(rate * effective, effective, level=level)
        found.append(
            Band(
                rows=len(band),
                predicted=float(band["probability"].mean()),
                happened=rate,
                low=share.low,
                high=share.high,
            )
        )
    return found


def _share(positives: float, rows: float, *, level: float) -> Figure:
    """Return a share with Wilson's interval."""
    from scipy.special import ndtri

    if not rows:
        return Figure(value=0.0, low=0.0, high=1.0)
    z = float(ndtri(0.5 + level / 2))
    share = positives / rows
    middle = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return Figure(
        value=float(share), low=float(max(0.0, middle - half)), high=float(min(1.0, middle + half))
    )
