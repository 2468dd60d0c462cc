"""The curves of a report as numbers: gains, deciles, reliability and profit, with intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from models.measures import (
    Resample,
    Segment,
    best_depth,
    by_segment,
    capture_at,
    decomposition,
    gains,
    observed_over_expected,
    profit_at,
    profit_curve,
)
from models.measures.reliability import reliability
from pipeline.evaluation import Figure
from pipeline.money import Money

#: Depths at which a curve has an interval.
DEPTHS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
#: Steps of a curve between nobody and everybody.
POINTS = 100
DECILES = 10
#: Steps of probability that are told apart where only sums matter.
MERGED = 200


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Depth(_Frozen):
    """A figure of the best-scored share."""

    share: float
    figure: Figure


class Gains(_Frozen):
    """Share of the outcomes by share of the rows, of the model and of each baseline.

    Attributes
    ----------
    share : list of float
        Best-scored shares, from 0 to 1.
    captured : dict of list of float
        By score; the model is called `model`.
    at : list of Depth
        The model's own at some depths, with intervals.
    """

    share: list[float]
    captured: dict[str, list[float]]
    at: list[Depth]


class Decile(_Frozen):
    """A tenth of the rows, by falling score; decile 1 is the best.

    Attributes
    ----------
    promised : float
        Mean probability.
    observed, lift : Figure
        Share that had the outcome, and that over the share of all.
    """

    decile: int
    rows: int
    positives: int
    promised: float
    observed: Figure
    lift: Figure


class Calibration(_Frozen):
    """Reliability diagram, and what of the log loss is due to what.

    Attributes
    ----------
    promised, observed, low, high : list of float
        See `models.measures.reliability`.
    histogram : list of int
        Rows by promised probability, in twenty equal steps from 0 to the highest one.
    parts : dict
        CORP parts of the log loss: of the model and of each baseline.
    """

    promised: list[float]
    observed: list[float]
    low: list[float]
    high: list[float]
    histogram: list[int]
    parts: dict[str, dict[str, float]]


class Profit(_Frozen):
    """Profit of contacting the best-scored share, in money per thousand rows.

    Attributes
    ----------
    best_share : Figure
        The most profitable depth.
    best : Figure
        Profit there.
    everybody : float
        Profit of contacting all.
    at : list of Depth
        Intervals at some depths.
    """

    money: Money
    assumed: bool
    share: list[float]
    profit: list[float]
    best_share: Figure
    best: Figure
    everybody: float
    at: list[Depth]


def gains_of(
    y: ArrayLike, said: Mapping[str, NDArray[Any]], resample: Resample, *, level: float
) -> Gains:
    """Return the gains of every score, and the model's own with intervals."""
    curves = {name: gains(y, score, points=POINTS) for name, score in said.items()}
    return Gains(
        share=curves["model"].share.tolist(),
        captured={name: curve.captured.tolist() for name, curve in curves.items()},
        at=[
            Depth(
                share=share,
                figure=figure(
                    resample.estimate(capture_at, said["model"], level=level, share=share)
                ),
            )
            for share in DEPTHS
        ],
    )


def deciles_of(
    y: NDArray[Any], score: NDArray[Any], *, groups: ArrayLike | None, **options: Any
) -> list[Decile]:
    """Return the ten tenths of the rows, the best first; ties are split by position."""
    tenth = np.empty(len(score), dtype=np.int64)
    tenth[np.argsort(-score, kind="stable")] = np.arange(len(score)) * DECILES // len(score)
    parts = ratio_by_part(y, score, tenth, groups=groups, **options)
    overall = float(np.mean(y))
    found = []
    for number in range(DECILES):
        part = parts.get(str(number))
        if part is None:  # fewer rows than tenths
            continue
        promised = float(score[tenth == number].mean())
        observed = _rate(part, promised, alone=groups is None, level=options["level"])
        found.append(
            Decile(
                decile=number + 1,
                rows=part.rows,
                positives=part.positives,
                promised=promised,
                observed=observed,
                lift=scaled(observed, 1 / overall),
            )
        )
    return found


def _rate(part: Segment, promised: float, *, alone: bool, level: float) -> Figure:
    """Return a part's rate: with Wilson's interval where each row is a customer of its own.

    Resampling would be sure of a part without an outcome; it is left to customers of several
    rows, whom Wilson's interval takes for strangers.
    """
    from scipy.stats import binomtest

    rate = part.positives / part.rows
    if alone or part.estimate is None:
        test = binomtest(part.positives, part.rows)
        low, high = test.proportion_ci(confidence_level=level, method="wilson")
        return Figure(value=rate, low=float(low), high=float(high))
    low, high = promised * part.estimate.low, promised * part.estimate.high
    return Figure(value=rate, low=low, high=min(high, 1.0))


def calibration_of(
    y: ArrayLike, said: Mapping[str, NDArray[Any]], *, seed: int, level: float
) -> Calibration:
    """Return the reliability of the model, and the parts of every score's log loss."""
    curve = reliability(y, said["model"], seed=seed, level=level)
    return Calibration(
        promised=curve.promised.tolist(),
        observed=curve.observed.tolist(),
        low=curve.low.tolist(),
        high=curve.high.tolist(),
        histogram=np.histogram(said["model"], bins=20, range=(0, float(said["model"].max())))[
            0
        ].tolist(),
        parts={name: decomposition(y, score)._asdict() for name, score in said.items()},
    )


def profit_of(
    y: ArrayLike,
    score: NDArray[Any],
    resample: Resample,
    *,
    money: Money,
    assumed: bool,
    level: float,
) -> Profit:
    """Return the profit curve and its best depth; see `models.measures.profit`."""
    costs = money.model_dump(include=set(Money.model_fields))
    curve = profit_curve(y, score, points=POINTS, **costs)
    thousand = 1000.0

    def at(share: float) -> Figure:
        found = resample.estimate(profit_at, score, level=level, share=share, **costs)
        return scaled(figure(found), thousand)

    depth = figure(resample.estimate(best_depth, score, level=level, **costs))
    nothing = Figure(value=0, low=0, high=0)
    depth = depth.model_copy(update={"low": max(depth.low, 0.0), "high": min(depth.high, 1.0)})
    return Profit(
        money=Money(**costs),
        assumed=assumed,
        share=curve.share.tolist(),
        profit=(curve.profit * thousand).tolist(),
        best_share=depth,
        best=at(depth.value) if depth.value > 0 else nothing,
        everybody=float(curve.profit[-1] * thousand),
        at=[Depth(share=share, figure=at(share)) for share in DEPTHS],
    )


def ratio_by_part(
    y: NDArray[Any],
    score: NDArray[Any],
    part: NDArray[Any],
    *,
    groups: ArrayLike | None,
    **options: Any,
) -> dict[str, Segment]:
    """Return observed over expected of each part of the rows; see `by_segment`.

    Nearly equal probabilities of a part are replaced by their mean first. That leaves what
    is expected of the part as it was, and spares most of the work of resampling.
    """
    steps = np.argsort(np.argsort(score, kind="stable"), kind="stable") * MERGED // len(score)
    _, code = np.unique(part.astype(str), return_inverse=True)
    cell = code * MERGED + steps
    rows = np.bincount(cell)
    mean = np.bincount(cell, score) / np.maximum(rows, 1)
    merged = np.clip(mean[cell], 0, 1)
    return by_segment(observed_over_expected, y, merged, part, groups=groups, **options)


def figure(estimate: Any) -> Figure:
    """Return an estimate as it is stored."""
    return Figure(value=estimate.value, low=estimate.low, high=estimate.high)


def scaled(one: Figure, factor: float) -> Figure:
    """Return a figure in another unit."""
    return Figure(value=one.value * factor, low=one.low * factor, high=one.high * factor)
