"""Purchase propensity where the truth is known: its best tenth beside that of the true drivers."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import yaml
from record import record, sized, table

from models.purchase_propensity import purchase_propensity
from pipeline.engine import engine
from pipeline.evaluation import evaluation_path
from pipeline.pairs.evaluate import load_learner
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import moments
from pipeline.pairs.train import drawn, fit
from pipeline.project import open_project, read_cutoffs, trained_folder
from pipeline.run import make_project, train
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

MONTHS, SEED = 36, 11
MEMBERS, PAIR_MEMBERS = sized((30_000, 5_000), small=(2_000, 500))
TENTH = 0.1
_BLOCK = 500_000


def scored_truth(folder: Path, data: Path) -> pd.DataFrame:
    """Return the true pairs of the test cut-off with what the model and the oracle say."""
    project = open_project(folder)
    model, artifacts = purchase_propensity, project.artifacts
    as_of = read_cutoffs(artifacts, model.name).test
    truth = pd.read_parquet(data / "truth" / "purchases.parquet")
    truth = truth[pd.to_datetime(truth["as_of"]).dt.date == as_of]
    if truth.empty:
        raise SystemExit(f"the truth says nothing of {as_of}")
    learner = load_learner(model, trained_folder(artifacts, model.name))
    with engine(artifacts, threads=1) as connection:
        (moment,) = moments(connection, project, model, [as_of])
        who = moment.customers.get_indexer(pd.Index(truth["customer_id"]))
        what = moment.products.get_indexer(pd.Index(truth["product_id"]))
        order = np.lexsort((what, who))
        truth, who, what = truth.iloc[order], who[order], what[order].astype(np.int32)
        said, given = [], []
        for start in range(0, len(truth), _BLOCK):
            part = slice(start, start + _BLOCK)
            X = features_of(connection, moment, model, who[part], what[part])
            said.append(learner.predict_proba(X)[:, 1])
            given.append(X)
    bought = pd.read_parquet(
        artifacts / "labels" / model.name / f"as_of={as_of}" / "part-0.parquet",
        columns=["customer_id", "product_id"],
    ).assign(bought=1)
    oracle = by_drivers(folder, data, truth, pd.concat(given, ignore_index=True))
    rows = truth.assign(said=np.concatenate(said), oracle=oracle).merge(
        bought, on=["customer_id", "product_id"], how="left"
    )
    return rows.fillna({"bought": 0})


def by_drivers(folder: Path, data: Path, truth: pd.DataFrame, given: pd.DataFrame) -> np.ndarray:
    """Fit the same learner on the same pairs with all true drivers added; return what it says.

    It is also told which product it is: the oracle may learn each product's own level.
    """
    project, model = open_project(folder), purchase_propensity
    cutoffs = read_cutoffs(project.artifacts, model.name)
    roles = {"train": cutoffs.train, "tune": (cutoffs.tune,), "calibrate": (cutoffs.calibrate,)}
    members = pd.read_parquet(data / "truth" / "members.parquet").set_index("customer_id")
    members = members.drop(columns=["left_on", "card_hidden"])
    products = pd.read_parquet(data / "products.parquet").set_index("product_id")

    def with_drivers(X: pd.DataFrame, who: Sequence[str], what: Sequence[str]) -> pd.DataFrame:
        own = members.loc[who].reset_index(drop=True)
        category = products.loc[what, "category"].to_numpy()
        tastes = {n: own.pop(n).to_numpy() for n in list(own) if n.startswith("taste_")}
        taste = np.select([category == n.removeprefix("taste_") for n in tastes],
                          list(tastes.values()), default=np.nan)  # fmt: skip
        own = own.add_prefix("true_").assign(true_taste=taste, product=np.asarray(what))
        return pd.concat([X.reset_index(drop=True), own], axis=1)

    with engine(project.artifacts, threads=1) as connection:
        rows = {
            role: drawn(connection, project, model, days, launches=role != "calibrate")
            for role, days in roles.items()
        }
    told = {
        role: part._replace(X=with_drivers(part.X, part.customer, part.product))
        for role, part in rows.items()
    }
    learner = fit(project, model, **told)
    return learner.predict_proba(with_drivers(given, truth["customer_id"], truth["product_id"]))[
        :, 1
    ]


def captured(score: pd.Series, truth: pd.Series) -> float:
    """Return the share of all true probability that lies in the best-scored tenth."""
    best = np.argsort(-score.to_numpy(), kind="stable")[: round(TENTH * len(score))]
    return float(truth.to_numpy()[best].sum() / truth.sum())


def _held(demand: dict[str, Any]) -> str:
    """Say for how many products the interval of the demand held what came."""
    if not demand.get("products"):
        return "it was not asked of any"
    return f"it held what came for {demand['held']:.1%} of {demand['products']}"


def main(members: int = MEMBERS, seed: int = SEED) -> None:
    """Simulate, train, compare, print and record."""
    with TemporaryDirectory() as place:
        folder, data = Path(place) / "project", Path(place) / "data"
        folder.mkdir()
        simulate(
            PRESETS["retail"],
            members=members,
            months=MONTHS,
            seed=seed,
            to=data,
            pair_members=PAIR_MEMBERS,
        )
        make_project(folder)
        params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
        params["models"] = {"purchase_propensity": {"seed": 20240401}}
        (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        train(folder, "purchase_propensity", clock=lambda: datetime.now(UTC), data=str(data))
        rows = scored_truth(folder, data)
        evaluation = evaluation_path(folder / "artifacts", "purchase_propensity").parent
        parts = json.loads((evaluation / "parts.json").read_text(encoding="utf-8"))
    lines = []
    for state in ("all", *sorted(set(rows["state"]))):
        own = rows if state == "all" else rows[rows["state"] == state]
        exact = own["probability"]
        best, drivers = captured(exact, exact), captured(own["probability_drivers"], exact)
        share, oracle = captured(own["said"], exact), captured(own["oracle"], exact)
        level = parts["calibration"].get(state, {}).get("observed_over_expected")
        lines.append(
            [
                state,
                f"{len(own):,}",
                f"{exact.mean():.4f}",
                f"{share:.4f}",
                f"{share / oracle:.3f}",
                f"{share / drivers:.3f}",
                f"{share / best:.3f}",
                f"{own['bought'].sum() / own['said'].sum():.3f}",
                f"{level['value']:.2f} [{level['low']:.2f}, {level['high']:.2f}]" if level else "",
            ]
        )
    heads = [
        "state",
        "pairs",
        "mean true probability",
        "capture of the top tenth",
        "of a model given the true drivers",
        "of the exact drivers' capture",
        "of the truth's capture",
        "O/E of these pairs",
        "O/E, test evaluation",
    ]
    sold, launched = (_held(parts[name]) for name in ("demand", "launch_demand"))
    body = f"""
{members:,} simulated members, {MONTHS} months, seed {seed}; every pair of {PAIR_MEMBERS:,} of them
with every product on sale at the untouched test cut-off, 90 days before the end. Capture is of
true probability. The model given the true drivers is the same learner on the same pairs, told
each member's true rate, regularity, tastes and traits, and the product. The exact drivers'
capture is that of `probability_drivers`, the expectation given all that is observable in
principle: no model can order better.

{table(heads, lines)}

How many will buy a product is said with a 95 % interval, from a level learned before the test:
{sold} products on sale and {launched} launches.
"""
    record("purchase_truth", "Purchase propensity against known truth", body, packages=["lightgbm"])


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
