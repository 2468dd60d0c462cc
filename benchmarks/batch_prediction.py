"""Scores of a LightGBM model for a million rows: QuickScorer against `Booster.predict`.

Run `python benchmarks/batch_prediction.py` (`--rows 100000` for a quick look). 100 features,
300 trees of 31 leaves; once with numbers only, once with ten categorical features of 60 values.
Each figure is the best of `--repeats` runs, ratios are within one run, and the largest
difference between the two is printed: it has to be 0.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import lightgbm
import numpy as np
from record import record, sized, table

from models.learners import QuickScorer

FEATURES, CATEGORICAL, VALUES = 100, 10, 60
TREES, LEAVES, TRAINED_ON = 300, 31, 30_000


COLUMNS = [
    "features", "input", "threads", "LightGBM s (CPU)", "ours s (CPU)", "ratio", "ratio of CPU",
    "largest difference",
]  # fmt: skip


class Compared(NamedTuple):
    """Seconds of wall and of CPU, ours and theirs, and how far predictions differ."""

    features: str
    dtype: str
    threads: int
    theirs: tuple[float, float]
    ours: tuple[float, float]
    difference: float

    def cells(self) -> list[str]:
        """Return the row of the printed table."""
        wall, cpu = (theirs / ours for theirs, ours in zip(self.theirs, self.ours, strict=True))
        times = [f"{seconds[0]:.2f} ({seconds[1]:.2f})" for seconds in (self.theirs, self.ours)]
        ratios = [f"{wall:.1f}", f"{cpu:.1f}"]
        return [
            self.features, self.dtype, str(self.threads), *times, *ratios, f"{self.difference:g}",
        ]  # fmt: skip


def features(rows: int, *, categorical: int, seed: int) -> np.ndarray:
    """Draw standard normal numbers, 5 % missing, and categories in the first columns."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((rows, FEATURES), dtype=np.float32).astype(np.float64)
    X[random.random(X.shape, dtype=np.float32) < 0.05] = np.nan
    X[:, :categorical] = random.integers(0, VALUES, size=(rows, categorical))
    return X


def trained(categorical: int) -> lightgbm.Booster:
    """Grow trees in which numbers and categories both matter."""
    X = features(TRAINED_ON, categorical=categorical, seed=1)
    random = np.random.default_rng(2)
    signal = np.nan_to_num(X[:, CATEGORICAL:]) @ random.normal(size=FEATURES - CATEGORICAL)
    signal += 3 * (X[:, :categorical] % 7 > 3).sum(axis=1)
    y = signal + random.normal(scale=3, size=len(X)) > np.median(signal)
    data = lightgbm.Dataset(
        X, label=y.astype(int), categorical_feature=list(range(categorical)), free_raw_data=True
    )
    parameters = {
        "objective": "binary",
        "num_leaves": LEAVES,
        "num_threads": 1,
        "verbosity": -1,
        "seed": 0,
    }
    return lightgbm.train(parameters, data, TREES)


def best(predict: Callable[[], np.ndarray], repeats: int) -> tuple[float, float, np.ndarray]:
    """Return seconds of wall and of CPU, the smallest of each, and the prediction."""
    wall, cpu = [], []
    for _ in range(repeats):
        clock, process = time.perf_counter(), time.process_time()
        predicted = predict()
        wall.append(time.perf_counter() - clock)
        cpu.append(time.process_time() - process)
    return min(wall), min(cpu), predicted


def compared(
    name: str, booster: lightgbm.Booster, X: np.ndarray, *, repeats: int
) -> "Iterator[Compared]":
    """Time both on the same rows, with float64 and float32, by one thread and by two."""
    ours = QuickScorer(booster)
    if ours.fallback is not None:
        raise SystemExit(f"LightGBM would be compared with itself: {ours.fallback}.")
    for dtype in (np.float64, np.float32):
        rows = X.astype(dtype, copy=False)
        ours.predict(rows[:1000])  # compiles
        for threads in (1, 2):
            wall, cpu, theirs = best(partial(booster.predict, rows, num_threads=threads), repeats)
            our_wall, our_cpu, predicted = best(
                partial(ours.predict, rows, threads=threads), repeats
            )
            yield Compared(
                features=name,
                dtype=np.dtype(dtype).name,
                threads=threads,
                theirs=(wall, cpu),
                ours=(our_wall, our_cpu),
                difference=float(np.abs(predicted - theirs).max()),
            )


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=sized(1_000_000, small=50_000))
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    found: list[Compared] = []
    for name, categorical in (("numbers", 0), (f"{CATEGORICAL} categorical", CATEGORICAL)):
        booster = trained(categorical)
        X = features(arguments.rows, categorical=categorical, seed=3)
        found += compared(name, booster, X, repeats=arguments.repeats)
    body = (
        f"{arguments.rows:,} rows, {FEATURES} features, {TREES} trees of {LEAVES} leaves; the best "
        f"of {arguments.repeats} runs. Ratios are LightGBM's seconds over ours; on a machine that "
        "others use at the same time, only that of CPU says anything.\n\n"
        + table(COLUMNS, [row.cells() for row in found])
    )
    record(
        "batch_prediction",
        "Batch prediction: QuickScorer against LightGBM's predict",
        body,
        packages=["lightgbm", "numba", "numpy"],
    )


if __name__ == "__main__":
    main()
