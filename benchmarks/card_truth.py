"""Card uptake where the truth is known: its list beside one made from the true drivers."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import yaml
from record import record, sized, table

from models.card_uptake import card_uptake
from models.measures import Resample, observed_over_expected, roc_auc
from pipeline.customers.train import fit
from pipeline.cutoffs import Cutoffs, plan_cutoffs
from pipeline.evaluation import evaluation_path
from pipeline.examples import Examples
from pipeline.labels import label_folder
from pipeline.run import make_project, train
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import UNTIL, simulate
from pipeline.snapshot_store import snapshot_folder

MEMBERS, MONTHS, SEED = sized(200_000, small=10_000), 36, 11
TRAINING = 6
CARD_LAUNCHED_ON = date(2024, 5, 15)
TENTH = 0.1
#: What a model may know: the drivers as the simulator has them, and how far an application is.
DRIVERS = (
    "age",
    "income",
    "children",
    "student",
    "online",
    "flagship",
    "visits_365",
    "recency_days",
    "tenure_days",
    "state",
    "days_since_card_application",
)


def cutoffs() -> Cutoffs:
    """Return the cut-offs that the pipeline chooses at the end of the simulation."""
    return plan_cutoffs(
        UNTIL,
        first_day=CARD_LAUNCHED_ON,
        gap_days=card_uptake.gap_days,
        horizon_days=card_uptake.horizon_days,
        step_days=30,
        max_training=TRAINING,
    )


def true_rows(folder: Path, data: Path, days: tuple[date, ...]) -> tuple[Examples, pd.DataFrame]:
    """Return the eligible rows of some cut-offs with their true drivers, and their truth."""
    truth = pd.read_parquet(data / "truth" / "card.parquet")
    frames = []
    for day in days:
        labels = stored(label_folder(folder / "artifacts", "card_uptake", day))
        known = stored(snapshot_folder(folder / "artifacts", "customer", day))
        known = known[["customer_id", "days_since_card_application"]]
        own = truth[pd.to_datetime(truth["as_of"]).dt.date == day].drop(columns="as_of")
        frames.append(labels.merge(known, on="customer_id").merge(own, on="customer_id"))
    rows = pd.concat(frames, ignore_index=True)
    y = rows["label"].to_numpy(dtype=np.int8)
    return Examples(rows[["customer_id"]], rows[list(DRIVERS)], y, np.ones(len(y))), rows


def stored(folder: Path) -> pd.DataFrame:
    """Return all parts of a snapshot or of labels."""
    return pd.concat(map(pd.read_parquet, sorted(folder.glob("*.parquet"))), ignore_index=True)


def captured(score: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of all true probability that lies in the best-scored tenth."""
    best = np.argsort(-score, kind="stable")[: round(TENTH * len(score))]
    return float(truth[best].sum() / truth.sum())


def main(members: int = MEMBERS) -> None:
    """Simulate, train, compare, print and record."""
    days = cutoffs()
    with TemporaryDirectory() as place:
        folder, data = Path(place) / "project", Path(place) / "data"
        folder.mkdir()
        simulate(
            PRESETS["retail"],
            members=members,
            months=MONTHS,
            seed=SEED,
            to=data,
            cutoffs=days.labelled,
            pair_members=0,
        )
        make_project(folder)
        params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
        params["models"] = {"card_uptake": params["models"]["card_uptake"]}
        params["snapshots"]["max_training"] = TRAINING
        (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        train(folder, "card_uptake", clock=lambda: datetime.now(UTC), data=str(data))
        evaluation = evaluation_path(folder / "artifacts", "card_uptake").parent
        said = pd.read_parquet(evaluation / "predictions.parquet")
        test, truth = true_rows(folder, data, (days.test,))
        given = {
            "train": true_rows(folder, data, days.train)[0],
            "tune": true_rows(folder, data, (days.tune,))[0],
            "calibrate": true_rows(folder, data, (days.calibrate,))[0],
        }
    oracle = fit(card_uptake, **given, seed=1).predict_proba(test.X)[:, 1]
    rows = truth.assign(oracle=oracle).merge(said, on="customer_id", suffixes=("_true", ""))
    resample = Resample(rows["label"].to_numpy(), groups=rows["customer_id"], seed=SEED)
    exact = rows["probability_true"].to_numpy()
    best = captured(exact, exact)
    by_drivers = captured(rows["oracle"].to_numpy(), exact)
    lines = []
    for name, column in {
        "card_uptake": "probability",
        "a model given the true drivers": "oracle",
        "logistic": "logistic",
        "RFM cells": "rfm_cells",
        "the true probability": "probability_true",
    }.items():
        score = rows[column].to_numpy()
        share = captured(score, exact)
        overall = resample.estimate(observed_over_expected, score)
        top = resample.estimate(observed_over_expected, score, share=TENTH)
        area = resample.estimate(roc_auc, score)
        lines.append(
            [
                name,
                f"{share:.4f}",
                f"{share / by_drivers:.3f}",
                f"{share / best:.3f}",
                f"{area.value:.4f}",
                f"{overall.value:.3f} [{overall.low:.3f}, {overall.high:.3f}]",
                f"{top.value:.3f} [{top.low:.3f}, {top.high:.3f}]",
            ]
        )
    heads = [
        "score",
        "capture of the top tenth",
        "of the drivers' capture",
        "of the truth's capture",
        "ROC-AUC",
        "O/E",
        "O/E in the top tenth",
    ]
    body = f"""
{members:,} simulated members, {MONTHS} months, seed {SEED}; trained on {TRAINING} snapshots,
tuned, calibrated and tested each on a later one ({days.test}: {len(rows):,} eligible members,
{int(rows["label"].sum()):,} activations). Capture is of true probability, so that no luck of the
draw is in it; O/E is of what happened, with 95 % intervals.

{table(heads, lines)}
"""
    record("card_truth", "Card uptake against known truth", body, packages=["lightgbm"])


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
