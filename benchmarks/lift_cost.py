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

COLUMNS = 50


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


def bootstrap(rows: int, *, known: bool) -> None:
    """Draw all curves of two rankings 1,000 times."""
    from models.measures import bootstrap_uplift, effect_scores

    X, y, treated = experiment(rows)
    gain = effect_scores(y, treated, probability=0.5 if known else None)
    start = time.process_time()
    draws = bootstrap_uplift(gain, {"one": X["c1"], "other": X["c2"]})
    draws.measures()
    draws.differences("one", "other")
    draws.curve("one")
    draws.best_depth("one")
    print(f"  of which the draws and all measures: {time.process_time() - start:.2f} s")


def in_its_own_process(work: Callable[..., None], rows: int, *, known: bool) -> dict[str, Any]:
    """Run and return processor seconds and peak memory."""
    receive, send = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_measured, args=(work, rows, known, send)
    )
    process.start()
    found: dict[str, Any] = receive.recv()
    process.join()
    return found


def _measured(work: Callable[..., None], rows: int, known: bool, send: Any) -> None:  # noqa: FBT001 - across processes
    warnings.simplefilter("ignore")
    wall = time.perf_counter()
    work(rows, known=known)
    used = resource.getrusage(resource.RUSAGE_SELF)
    send.send(
        {
            "cpu_s": used.ru_utime + used.ru_stime,
            "wall_s": time.perf_counter() - wall,
            "peak_gb": used.ru_maxrss / 1e6,
        }
    )


def main() -> None:
    """Run all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    jobs: list[tuple[str, Callable[..., None], bool]] = [
        ("bootstrap, 1,000 draws", bootstrap, True),
        ("LiftLearner, known probability", ours, True),
        ("LiftLearner, fitted probability", ours, False),
        ("causalml DR, known probability", causalml_dr, True),
        ("causalml DR, fitted probability", causalml_dr, False),
    ]
    print(f"{given.rows:,} rows x {COLUMNS} columns x 2 arms, one thread")
    for name, work, known in jobs:
        found = in_its_own_process(work, given.rows, known=known)
        print(
            f"{name:34s} {found['cpu_s']:8.1f} cpu s {found['wall_s']:8.1f} wall s "
            f"{found['peak_gb']:6.2f} GB",
            flush=True,
        )


if __name__ == "__main__":
    main()
