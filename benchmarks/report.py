"""What a report costs beside the evaluation that it shows, and what reasons cost."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from record import record, sized, table

from features.catalogue import catalogue
from features.definition import Feature
from models.card_uptake import card_uptake
from models.reasons import reasons
from pipeline.evaluation import Evaluation, judge
from pipeline.examples import Examples
from pipeline.params import ModelParams, Params, Run
from pipeline.project import Project
from pipeline.report import write_report
from pipeline.report.drift import Populations
from pipeline.report.segments import BY

ROWS, TRAINED_ON = sized(((200_000, 1_000_000), 100_000), small=((5_000, 20_000), 10_000))
MEMBERS = 1000
MISSING_SHARE = 0.1
SEED = 7
BASE_LOG_ODDS = -3.6


def main() -> None:
    """Measure, print and record."""
    learning, calibrating = customers(TRAINED_ON, seed=1), customers(TRAINED_ON // 2, seed=2)
    learner: Any = card_uptake.learner(SEED)
    learner.fit(learning.X, learning.y, X_cal=calibrating.X, y_cal=calibrating.y)
    rows = [one_size(count, learner=learner, then=learning.X, now=calibrating.X) for count in ROWS]
    members = calibrating.X.head(MEMBERS)
    explaining, points = timed(lambda: learner.explain(members))
    known = catalogue("customer", "time")
    phrasing, _ = timed(lambda: reasons(points, members, known))
    body = f"""
`make bench-report`: {learning.X.shape[1]} invented columns of `card_uptake`, two baselines, eight
properties to segment by, 1,000 resamples. Seconds of the clock, and of all processors together,
which other work on the machine does not lengthen as much.

{table(("test rows", "evaluation", "report", "page"), rows)}

Reasons of {MEMBERS:,} members, {learner.trees_.boosters[0].num_trees()} trees: {explaining} to
explain, {phrasing} to phrase in both languages.
"""
    record("report", "Report and reasons", body, packages=("lightgbm", "numpy", "pandas"))


def one_size(count: int, *, learner: Any, then: pd.DataFrame, now: pd.DataFrame) -> tuple[str, ...]:
    """Return a row of the table: rows, time of the evaluation, of the report, size."""
    test = customers(count, seed=3)
    score = learner.predict_proba(test.X)[:, 1]
    random = np.random.default_rng(SEED)
    said = {
        "probability": score,
        **{
            one.name: np.clip(score * random.uniform(0.7, 1.3, count), 1e-6, 1 - 1e-6)
            for one in card_uptake.baselines
        },
    }
    params = Params(
        time_zone="Asia/Taipei", currency="TWD", models={card_uptake.name: ModelParams(seed=SEED)}
    )
    gate = params.gate
    judging, (measures, baselines, differences) = timed(
        lambda: judge(
            test.y,
            score,
            customers=test.keys["customer_id"],
            measures=card_uptake.measures,
            baselines={one.name: said[one.name] for one in card_uptake.baselines},
            list_size=gate.list_size,
            level=gate.level,
            draws=gate.draws,
            seed=SEED,
        )
    )
    evaluation = Evaluation(
        model=card_uptake.name,
        as_of=date(2026, 3, 1),
        rows=count,
        positives=int(test.y.sum()),
        list_size=gate.list_size,
        level=gate.level,
        measures=measures,
        baselines=baselines,
        differences=differences,
    )
    asked = datetime(2026, 6, 1, tzinfo=UTC)
    run = Run(data="invented", fingerprint="none", requested_at=asked)
    segments = pd.DataFrame({one.name: random.choice(list("abcdefgh"), count) for one in BY})
    roles = ("train", "tune", "calibrate")
    training = {
        "cutoffs": dict.fromkeys((*roles, "score"), "2025-01-01"),
        "rows": dict.fromkeys(roles, TRAINED_ON),
        "positives": dict.fromkeys(roles, 1),
        "features": list(test.X.columns),
        "left_out": [],
        "seed": SEED,
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        reporting, _ = timed(
            lambda: write_report(
                folder,
                project=Project(folder, params, run),
                model=card_uptake,
                evaluation=evaluation,
                learner=learner,
                training=training,
                test=test,
                said=said,
                segments=segments.iloc[:, :8],
                populations=Populations(then.head(20_000), now.head(20_000)),
            )
        )
        size = (folder / "report.html").stat().st_size
    return f"{count:,}", judging, reporting, f"{size / 1000:,.0f} kB"


def customers(count: int, *, seed: int) -> Examples:
    """Invent customers with every column of the model; some of them drive the outcome."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame({one.name: column(one, count, random) for one in card_uptake.features})
    drive = sum(X[name].rank(pct=True).fillna(0.5) - 0.5 for name in X.columns[13:19])
    chance = 1 / (1 + np.exp(-(BASE_LOG_ODDS + drive)))
    keys = pd.DataFrame({"customer_id": np.arange(count)})
    y = (random.random(count) < chance).astype(np.int8)
    return Examples(keys, X, y, np.ones(count))


def column(one: Feature, count: int, random: np.random.Generator) -> Any:
    """Invent the values of a feature."""
    if one.unit == "text":
        return random.choice(list("abcdefgh"), count)
    values = random.gamma(2, 20, count).round(1)
    return np.where(random.random(count) < MISSING_SHARE, np.nan, values)


def timed(work: Callable[[], Any]) -> tuple[str, Any]:
    """Return how long it took, in words, and what came of it."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    passed = time.perf_counter() - clock
    return f"{passed:.1f} s ({time.process_time() - processor:.1f} s)", result


if __name__ == "__main__":
    main()
