"""What the learner adds to a bare LightGBM call: 1,000,000 rows x 100 columns, 300 trees."""

import sys
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any, NamedTuple

import lightgbm
import numpy as np
import pandas as pd
from record import record, sized, table

from models.learners import PropensityClassifier
from models.learners.encoder import FrameEncoder
from models.measures import (
    Resample,
    brier,
    calibration_slope,
    capture_at,
    discrimination,
    expected_calibration_error,
    lift_at,
    log_loss,
    miscalibration,
    observed_over_expected,
    pr_auc,
    roc_auc,
)

ROWS, COLUMNS, TREES = sized(1_000_000, small=20_000), 100, 300
SEED = 2026
GAPS = 0.1
MEASURES: list[tuple[Callable[..., float], dict[str, Any]]] = [
    (log_loss, {}),
    (brier, {}),
    (roc_auc, {}),
    (pr_auc, {}),
    *((lift_at, {"share": share}) for share in (0.01, 0.1)),
    *((capture_at, {"share": share}) for share in (0.01, 0.05, 0.1, 0.2, 0.5)),
    (observed_over_expected, {}),
    (observed_over_expected, {"share": 0.1}),
    (calibration_slope, {}),
    (expected_calibration_error, {}),
    (miscalibration, {}),
    (discrimination, {}),
]


def customers(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return counts, money, days and ten texts, with gaps; 3.5 % of the rows respond."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            f"number_{i}": random.lognormal(3, 1, rows) if i % 2 else random.poisson(3, rows) * 1.0
            for i in range(COLUMNS - 10)
        }
    )
    for i in range(10):
        levels = np.asarray([f"value {level}" for level in range(5 + 10 * i)])
        frame[f"text_{i}"] = levels[random.integers(0, levels.size, rows)]
    frame.loc[random.random(rows) < GAPS, [f"number_{i}" for i in range(10)]] = np.nan
    log_odds = -4.3 + 0.3 * np.log1p(frame["number_11"]) - 0.15 * frame["number_12"]
    log_odds += 0.05 * frame["number_14"] * (frame["text_3"] < "value 2")
    return frame, (random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(int)


class Cost(NamedTuple):
    """Seconds on the wall and of all cores together; the second is sturdier on a busy machine."""

    wall: float
    cpu: float

    def __add__(self, other: "Cost") -> "Cost":  # type: ignore[override]
        return Cost(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu)


def cost(job: Callable[[], Any]) -> tuple[Cost, Any]:
    """Run a job; return what it cost and its result."""
    begun = Cost(perf_counter(), process_time())
    result = job()
    spent = Cost(perf_counter(), process_time()) - begun
    print(f"{spent.wall:.1f} s, {spent.cpu:.1f} s of all cores", file=sys.stderr, flush=True)
    return spent, result


def main(rows: int = ROWS) -> None:
    """Measure, print, and record."""
    X, y = customers(rows, SEED)
    X_cal, y_cal = customers(rows // 5, SEED + 1)
    encoding, matrix = cost(lambda: FrameEncoder().fit(X).transform(X))
    encoding_cal, _ = cost(lambda: FrameEncoder().fit(X_cal).transform(X_cal))
    learner = PropensityClassifier(trees=TREES, seed=SEED)
    learner.encoder_ = FrameEncoder().fit(X.head(1000))
    settings = {"objective": "binary", "verbosity": -1, **learner.tree_parameters()}
    text = learner.encoder_.text_positions

    def bare() -> Any:
        data = lightgbm.Dataset(matrix, label=y, categorical_feature=text)
        return lightgbm.train(settings, data, num_boost_round=TREES)

    before, _ = cost(bare)
    ours, fitted = cost(lambda: learner.fit(X, y, X_cal=X_cal, y_cal=y_cal))
    after, _ = cost(bare)
    score = fitted.predict_proba(X)[:, 1]
    customer = np.random.default_rng(SEED).integers(0, rows // 2, rows)

    def evaluate() -> None:
        resample = Resample(y, groups=customer, seed=SEED)
        for measure, options in MEASURES:
            resample.estimate(measure, score, **options)

    intervals, _ = cost(evaluate)
    default, _ = cost(lambda: PropensityClassifier(seed=SEED).fit(X, y))
    bare_twice = before + after

    def line(step: str, spent: Cost, *, compared: bool = True) -> list[str]:
        ratios = [f"{2 * ours / bare:.2f}" for ours, bare in zip(spent, bare_twice, strict=True)]
        shown = ratios if compared else ["", ""]
        return [step, f"{spent.wall:.1f}", shown[0], f"{spent.cpu:.1f}", shown[1]]

    encoded = encoding + encoding_cal
    lines = [
        line("bare LightGBM, before", before),
        line("bare LightGBM, after", after),
        line("`fit` with `X_cal`, without encoding", ours - encoded),
        line("encoding of both frames", encoded),
        line("`fit` with `X_cal`, all of it", ours),
        line("default `fit`: five folds, early stopping", default),
        line(f"{len(MEASURES)} measures, 1,000 draws of customers", intervals, compared=False),
    ]
    body = f"""
{rows:,} rows, {COLUMNS - 10} numbers and 10 texts of 5 to 95 values, {TREES} trees of 31 leaves,
calibrated on {rows // 5:,} rows. The bare call trains on the encoded matrix with the same
parameters. What is added is the logistic partner, the choice of the blend and the calibrator.
Ratios are to the mean of the two bare calls.

{table(["step", "wall, s", "ratio", "all cores, s", "ratio"], lines)}
"""
    packages = ["lightgbm", "pandas", "numpy"]
    record("training_cost", "What training and evaluation cost", body, packages=packages)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
