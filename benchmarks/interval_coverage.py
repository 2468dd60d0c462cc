"""How often the stated 95 % intervals hold the truth, over 1,000 small samples of a known world."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from record import record, sized, table
from rich.progress import track

from models.measures import (
    Resample,
    brier,
    calibration_slope,
    capture_at,
    lift_at,
    log_loss,
    observed_over_expected,
    pr_auc,
    roc_auc,
)

REPEATS, CUSTOMERS, DRAWS, SEED = sized(1000, small=20), 3000, 500, 7
#: Members of the world that the true value of a measure is taken from.
WORLD = 2_000_000
LEVEL = 0.95
MEASURES: dict[str, Callable[..., Any]] = {
    "log_loss": log_loss,
    "brier": brier,
    "roc_auc": roc_auc,
    "pr_auc": pr_auc,
    "lift_at_10_percent": partial(lift_at, share=0.1),
    "capture_at_10_percent": partial(capture_at, share=0.1),
    "observed_over_expected": observed_over_expected,
    "observed_over_expected_at_10_percent": partial(observed_over_expected, share=0.1),
    "calibration_slope": calibration_slope,
}


def world(customers: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return true probabilities and what a model says: some of it hidden, the level a bit off."""
    seen = random.normal(0, 0.9, customers)
    hidden = random.normal(0, 0.6, customers)
    true = 1 / (1 + np.exp(3.4 - seen - hidden))
    return true, 1 / (1 + np.exp(3.3 - 0.95 * seen))


def snapshots(
    customers: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return outcome, score and customer of rows: every second customer is there twice."""
    true, score = world(customers, random)
    who = np.concatenate([np.arange(customers), np.arange(0, customers, 2)])
    # Both rows of a customer share the luck, as two snapshots of one person do.
    luck = random.random(customers)
    return (luck[who] < true[who]).astype(np.int8), score[who], who


def main(repeats: int = REPEATS) -> None:
    """Draw, count, print and record."""
    y, score, _ = snapshots(WORLD, np.random.default_rng(SEED))
    truth = {name: float(measure(y, score)) for name, measure in MEASURES.items()}
    inside = dict.fromkeys(MEASURES, 0)
    width = dict.fromkeys(MEASURES, 0.0)
    for repeat in track(range(repeats), description="Repeats"):
        random = np.random.default_rng([SEED, repeat])
        y, score, customer = snapshots(CUSTOMERS, random)
        resample = Resample(y, groups=pd.Series(customer), draws=DRAWS, seed=repeat)
        for name, measure in MEASURES.items():
            bare = measure.func if isinstance(measure, partial) else measure
            options = measure.keywords if isinstance(measure, partial) else {}
            found = resample.estimate(bare, score, level=LEVEL, **options)
            inside[name] += found.low <= truth[name] <= found.high
            width[name] += (found.high - found.low) / repeats
    lines = [
        [name, f"{truth[name]:.4f}", f"{width[name]:.4f}", f"{inside[name] / repeats:.1%}"]
        for name in MEASURES
    ]
    body = f"""
{repeats:,} samples of {CUSTOMERS:,} customers with {3 * CUSTOMERS // 2:,} rows (every second
customer twice, with one luck), 4 % of them positive; bootstrap by customer, {DRAWS} draws. The
truth is that of {WORLD:,} customers. Between 93 % and 97 % is as stated.

{table(["measure", "truth", "mean width", "intervals that hold it"], lines)}
"""
    record("interval_coverage", "Do 95 % intervals hold the truth", body, packages=["numpy"])


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
