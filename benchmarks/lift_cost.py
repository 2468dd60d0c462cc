"""What lift costs: seconds and memory beside causalml's DR learner, and of the bootstrap.

    python benchmarks/lift_cost.py                 # 1,000,000 rows x 50 columns x 2 arms
    python benchmarks/lift_cost.py --rows 100000

Each learner runs in a process of its own, on one thread and the same rows. causalml runs as
its interface does by default, fitting the probability of treatment, and once more with the
known probability passed in. Processor seconds are compared: they do not depend on what else
the machine does.
"""

import argparse
import multiprocessing
import resource
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from record import record, sized, table

ROWS, COLUMNS = sized(1_000_000, small=20_000), 50


def experiment(rows: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return numbers, outcomes of about 5 %, and a fair draw with an effect for a quarter."""
    random = np.random.default_rng(0)
    values = random.normal(size=(rows, COLUMNS)).astype(np.float32)
    treated = random.integers(0, 2, rows)
    helped = (values[:, 1] > 0) & (values[:, 2] > 0)
    chance = 0.05 + 0.02 * np.clip(values[:, 0], -1, 1) + 0.02 * treated * helped
    y = (random.random(rows) < chance).astype(int)
    return pd.DataFrame(values, columns=[f"c{i}" for i in range(COLUMNS)]), y, treated


def ours(rows: int, *, known: bool) -> None:
    """Fit the learner of this project."""
    from models.learners import LiftLearner

    X, y, treated = experiment(rows)
    arm = np.where(treated == 1, "offer", "control")
    LiftLearner(threads=1).fit(X, y, arm, probability=0.5 if known else None)


def causalml_dr(rows: int, *, known: bool) -> None:
    """Fit causalml's DR learner with LightGBM's defaults inside."""
    import lightgbm as lgb
    from causalml.inference.meta import BaseDRRegressor

    X, y, treated = experiment(rows)
    learner = BaseDRRegressor(learner=lgb.LGBMRegressor(n_jobs=1, verbose=-1))
    given = np.full(rows, 0.5) if known else None
    learner.fit(X=X.to_numpy(), treatment=treated, y=y, p=given, seed=0)


def bootstrap(rows: int, *, known: bool) -> float:
    """Draw all curves of two rankings 1,000 times; return the seconds of that alone."""
    from models.measures import bootstrap_uplift, effect_scores

    X, y, treated = experiment(rows)
    gain = effect_scores(y, treated, probability=0.5 if known else None)
    start = time.process_time()
    draws = bootstrap_uplift(gain, {"one": X["c1"], "other": X["c2"]})
    draws.measures()
    draws.differences("one", "other")
    draws.curve("one")
    draws.best_depth("one")
    return time.process_time() - start


JOBS: dict[str, tuple[Callable[..., float | None], bool]] = {
    "bootstrap": (bootstrap, True),
    "LiftLearner, known probability": (ours, True),
    "LiftLearner, fitted probability": (ours, False),
    "causalml DR, known probability": (causalml_dr, True),
    "causalml DR, fitted probability": (causalml_dr, False),
}


def in_its_own_process(
    work: Callable[..., float | None], rows: int, *, known: bool
) -> dict[str, Any]:
    """Run and return processor seconds and peak memory."""
    receive, send = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_measured, args=(work, rows, known, send)
    )
    process.start()
    found: dict[str, Any] = receive.recv()
    process.join()
    return found


def _measured(work: Callable[..., float | None], rows: int, known: bool, send: Any) -> None:  # noqa: FBT001 - across processes
    warnings.simplefilter("ignore")
    wall = time.perf_counter()
    inner = work(rows, known=known)
    used = resource.getrusage(resource.RUSAGE_SELF)
    send.send(
        {
            "cpu_s": used.ru_utime + used.ru_stime,
            "wall_s": time.perf_counter() - wall,
            "peak_gb": used.ru_maxrss / 1e6,
            "inner_s": inner or 0.0,
        }
    )


def main() -> None:
    """Run all, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=ROWS, help="others than the default record nothing"
    )
    given = parser.parse_args()
    found = {}
    for name, (work, known) in JOBS.items():
        found[name] = in_its_own_process(work, given.rows, known=known)
        print(name, {key: round(value, 2) for key, value in found[name].items()}, flush=True)
    if given.rows != ROWS:
        return
    ratio = {
        how: found[f"causalml DR, {how} probability"]["cpu_s"]
        / found[f"LiftLearner, {how} probability"]["cpu_s"]
        for how in ("known", "fitted")
    }
    rows = [
        [name, f"{one['cpu_s']:.1f}", f"{one['wall_s']:.1f}", f"{one['peak_gb']:.2f}"]
        for name, one in found.items()
    ]
    body = f"""
{ROWS:,} rows x {COLUMNS} columns x 2 arms, one thread, each in a process of its own, imports
and the making of rows included. causalml with LightGBM's defaults inside needs
{ratio["fitted"]:.1f} times the processor time of ours where probabilities are fitted, as its
interface does by default, and {ratio["known"]:.1f} times where they are known. Ours fits and
compares eleven learners in that time.

{table(["work", "processor, s", "wall, s", "peak, GB"], rows)}

The bootstrap draws all curves of two rankings 1,000 times, with every measure, the paired
difference and the best depth: {found["bootstrap"]["inner_s"]:.2f} processor seconds of its row.
"""
    record("lift_cost", "What lift costs", body, packages=["lightgbm", "causalml", "numpy"])


if __name__ == "__main__":
    main()
