"""Lift on Hillstrom's e-mail test, side by side with causalml and EconML.

    python benchmarks/hillstrom.py                   # the ten test splits; half an hour
    python benchmarks/hillstrom.py --develop         # other splits, out of training rows only
    python benchmarks/hillstrom.py --figures F.json  # keep all figures; goes on where it stopped

64,000 customers drew an e-mail about men's goods, one about women's, or none. The outcome
is a visit within two weeks. Each e-mail is compared with none; rows are split 70/30 at
random, stratified on arm and outcome, ten times, and every learner is judged by the one
Qini of this project, without outcome models, on the same test rows.

Each peer runs twice, with small trees (100 of 8 leaves, rate 0.05, leaves of 200) and with
its defaults, and the better mean counts. Nothing is chosen by test rows: development used
`--develop`, whose rows are parts of the training rows of other splits.
"""

import argparse
import contextlib
import json
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from record import data_file, record, sized, table

from models.learners import LiftLearner
from models.measures import (
    bootstrap_uplift,
    effect_scores,
    policy_value_interval,
    qini,
)
from pipeline.durable import whole_file

ARMS = {"Womens E-Mail": "womens", "Mens E-Mail": "mens", "No E-Mail": "none"}
COLUMNS = [
    "recency",
    "history_segment",
    "history",
    "mens",
    "womens",
    "zip_code",
    "newbie",
    "channel",
]
OURS = "shortlist LiftLearner"
SEEDS = tuple(range(sized(10, small=1)))
SEEDS_OF_DEVELOPMENT = tuple(range(100, 110))
PER_10_000 = 10_000

Effects = np.ndarray
Learner = Callable[[pd.DataFrame, pd.DataFrame, str, int], Effects]


def load() -> pd.DataFrame:
    """Read the data set."""
    data = pd.read_csv(data_file("hillstrom.csv.gz"))
    return data.assign(arm=data["segment"].map(ARMS))


def split(data: pd.DataFrame, seed: int, *, develop: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut 70/30, stratified on arm and outcome; in development, cut the 70 again."""
    from sklearn.model_selection import train_test_split

    def cut(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        stratum = rows["arm"] + rows["visit"].astype(str)
        train, test = train_test_split(rows, test_size=0.3, random_state=seed, stratify=stratum)
        return train.reset_index(drop=True), test.reset_index(drop=True)

    train, test = cut(data)
    return cut(train) if develop else (train, test)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns as the peers need them: ordered segment, a column per value."""
    columns = rows[COLUMNS].assign(history_segment=rows["history_segment"].str[0].astype(int))
    values = {
        "zip_code": ["Rural", "Surburban", "Urban"],
        "channel": ["Multichannel", "Phone", "Web"],
    }
    for name, known in values.items():
        columns[name] = pd.Categorical(columns[name], categories=known)
    return pd.get_dummies(columns).astype(float)


def ours(train: pd.DataFrame, test: pd.DataFrame, arm: str, seed: int) -> Effects:
    """Fit the learner of this project, with its defaults, on the columns the peers get."""
    learner = LiftLearner(control="none", threads=1, seed=seed)
    learner.fit(numbers(train), train["visit"], train["arm"], probability=0.5)
    return learner.predict_effect(numbers(test))[arm].to_numpy()


def response(train: pd.DataFrame, test: pd.DataFrame, arm: str, seed: int) -> Effects:
    """Rank by the probability to visit, whoever is mailed: no uplift at all."""
    del arm
    model = boosted(small=True, seed=seed).fit(numbers(train), train["visit"])
    return model.predict_proba(numbers(test))[:, 1]


def two_logistic(train: pd.DataFrame, test: pd.DataFrame, arm: str, seed: int) -> Effects:
    """Fit a logistic regression per arm and subtract."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    del seed
    rate = {}
    for name in (arm, "none"):
        own = train[train["arm"] == name]
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        rate[name] = model.fit(numbers(own), own["visit"]).predict_proba(numbers(test))[:, 1]
    return rate[arm] - rate["none"]


def boosted(*, small: bool, seed: int, regress: bool = False) -> Any:
    """Return LightGBM with small trees, or with its defaults."""
    import lightgbm as lgb

    family = lgb.LGBMRegressor if regress else lgb.LGBMClassifier
    size = {"n_estimators": 100, "num_leaves": 8, "learning_rate": 0.05, "min_child_samples": 200}
    return family(**(size if small else {}), n_jobs=1, verbose=-1, random_state=seed)


def causalml_learner(kind: str, *, small: bool) -> Learner:
    """Return causalml's S, T, X, R or DR learner with LightGBM inside and known probabilities."""

    def fit(train: pd.DataFrame, test: pd.DataFrame, arm: str, seed: int) -> Effects:
        from causalml.inference import meta

        outcome = boosted(small=small, seed=seed)
        effect = boosted(small=small, seed=seed, regress=True)
        known = np.full(len(train), 0.5)
        learner, given = {
            "S": lambda: (meta.BaseSClassifier(learner=outcome), {}),
            "T": lambda: (meta.BaseTClassifier(learner=outcome), {}),
            "X": lambda: (
                meta.BaseXClassifier(outcome_learner=outcome, effect_learner=effect),
                {"p": known},
            ),
            "R": lambda: (
                meta.BaseRClassifier(
                    outcome_learner=outcome, effect_learner=effect, random_state=seed
                ),
                {"p": known},
            ),
            "DR": lambda: (meta.BaseDRRegressor(learner=effect), {"p": known, "seed": seed}),
        }[kind]()
        treated = (train["arm"] == arm).astype(int).to_numpy()
        X, y = numbers(train).to_numpy(), train["visit"].to_numpy()
        learner.fit(X=X, treatment=treated, y=y, **given)
        at_test = {"p": np.full(len(test), 0.5)} if kind == "X" else {}
        return np.asarray(learner.predict(numbers(test).to_numpy(), **at_test)).ravel()

    return fit


def econml_learner(kind: str, *, small: bool) -> Learner:
    """Return EconML's LinearDRLearner or CausalForestDML with known probabilities."""

    def fit(train: pd.DataFrame, test: pd.DataFrame, arm: str, seed: int) -> Effects:
        from econml.dml import CausalForestDML
        from econml.dr import LinearDRLearner
        from sklearn.dummy import DummyClassifier

        draw, outcome = DummyClassifier(), boosted(small=small, seed=seed)
        learner: Any
        if kind == "LinearDRLearner":
            models = {"model_regression": outcome} if small else {}
            learner = LinearDRLearner(
                model_propensity=draw, discrete_outcome=True, random_state=seed, **models
            )
        else:
            size = {"model_y": outcome, "max_depth": 3, "min_samples_leaf": 200} if small else {}
            learner = CausalForestDML(
                model_t=draw,
                discrete_treatment=True,
                discrete_outcome=True,
                n_jobs=1,
                random_state=seed,
                **size,
            )
        treated = (train["arm"] == arm).astype(int).to_numpy()
        X = numbers(train).to_numpy()
        learner.fit(train["visit"].to_numpy(), treated, X=X, W=None)
        return np.asarray(learner.effect(numbers(test).to_numpy())).ravel()

    return fit


def learners() -> dict[str, Learner]:
    """Return everything that is compared, by name."""
    found: dict[str, Learner] = {
        OURS: ours,
        "response ranking": response,
        "two logistic regressions": two_logistic,
    }
    for small, trees in ((True, "small trees"), (False, "defaults")):
        for kind in ("S", "T", "X", "R", "DR"):
            found[f"causalml {kind}, {trees}"] = causalml_learner(kind, small=small)
        for kind in ("LinearDRLearner", "CausalForestDML"):
            found[f"econml {kind}, {trees}"] = econml_learner(kind, small=small)
    return found


def compare(
    data: pd.DataFrame,
    arm: str,
    seeds: tuple[int, ...],
    *,
    develop: bool,
    only: str | None,
    kept: list[dict[str, Any]],
    keep: Callable[[list[dict[str, Any]]], None],
) -> list[dict[str, Any]]:
    """Return Qini per 10,000 customers and seconds, by learner and split.

    What is kept already is not run again, and everything new is kept at once.
    """
    rows = data[data["arm"].isin([arm, "none"])].reset_index(drop=True)
    found = list(kept)
    known = {(one["learner"], one["seed"]) for one in kept}
    for name, learn in learners().items():
        if only and only not in name:
            continue
        for seed in seeds:
            if (name, seed) in known:
                continue
            train, test = split(rows, seed, develop=develop)
            gain = effect_scores(test["visit"], (test["arm"] == arm).astype(int))
            start = time.perf_counter()
            with quiet():
                effect = learn(train, test, arm, seed)
            seconds = time.perf_counter() - start
            value = PER_10_000 * qini(gain, effect)
            found.append(
                {"arm": arm, "seed": seed, "learner": name, "qini": value, "seconds": seconds}
            )
            keep(found)
            print(f"  {arm} split {seed}: {name:36s} {value:7.1f}  {seconds:6.1f} s", flush=True)
    return found


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over splits, its lead over ours, and the error of that lead."""
    wide = found.pivot_table(index="seed", columns="learner", values="qini")
    lead = wide.sub(wide[OURS], axis=0)
    return pd.DataFrame(
        {
            "mean": wide.mean(),
            "splits_sd": wide.std(),
            "minus_ours": lead.mean(),
            "minus_ours_se": lead.std() / np.sqrt(len(wide)),
            "seconds": found.groupby("learner")["seconds"].mean(),
        }
    ).sort_values("mean", ascending=False)


def three_arms(data: pd.DataFrame, seeds: tuple[int, ...], *, develop: bool) -> pd.DataFrame:
    """Value of the best of three arms for each customer, against the best arm for all."""
    found = []
    for seed in seeds:
        train, test = split(data, seed, develop=develop)
        shares = dict(train["arm"].value_counts(normalize=True))
        learner = LiftLearner(control="none", threads=1, seed=seed)
        learner.fit(numbers(train), train["visit"], train["arm"], probability=shares)
        effect = learner.predict_effect(numbers(test)).assign(none=0.0)
        chosen = effect.idxmax(axis=1)
        # The best single arm is chosen by training rows, too.
        single = train.groupby("arm")["visit"].mean().idxmax()
        drawn = (test["visit"], chosen, test["arm"])
        value = policy_value_interval(*drawn)
        lead = policy_value_interval(*drawn, against=np.full(len(test), single))
        row = {"seed": seed, "single": single, "value": value.value}
        row |= {"lead": lead.value, "low": lead.low, "high": lead.high}
        row |= {f"share_{arm}": float((chosen == arm).mean()) for arm in effect}
        found.append(row)
    return pd.DataFrame(found)


def spread(data: pd.DataFrame, arm: str, seed: int, *, develop: bool) -> pd.DataFrame:
    """Intervals of one split: how much a single test of this size can tell."""
    rows = data[data["arm"].isin([arm, "none"])].reset_index(drop=True)
    train, test = split(rows, seed, develop=develop)
    gain = PER_10_000 * effect_scores(test["visit"], (test["arm"] == arm).astype(int))
    effects = {"ours": ours(train, test, arm, seed), "response": response(train, test, arm, seed)}
    draws = bootstrap_uplift(gain, effects)
    measures = draws.measures().query("measure == 'qini'").set_index("ranking")
    lead = draws.differences("ours", "response").query("measure == 'qini'").assign(ranking="lead")
    return pd.concat([measures, lead.set_index("ranking")]).drop(columns="measure")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence peers' warnings, and keep causalml's R learner in this process."""
    import joblib

    with warnings.catch_warnings(), joblib.parallel_config(backend="sequential"):
        warnings.simplefilter("ignore")
        yield


def measured(data: pd.DataFrame, given: argparse.Namespace) -> dict[str, Any]:
    """Run everything that is not kept already, and return the figures."""
    seeds = SEEDS_OF_DEVELOPMENT if given.develop else SEEDS
    document: dict[str, Any] = {}
    if given.figures and given.figures.exists():
        document = json.loads(given.figures.read_text(encoding="utf-8"))

    def keep(name: str, found: list[dict[str, Any]]) -> None:
        document[name] = found
        if given.figures:
            with whole_file(given.figures) as draft:
                draft.write_text(json.dumps(document, indent=1), encoding="utf-8")

    if "three_arms" not in document and not given.only:
        keep("three_arms", three_arms(data, seeds, develop=given.develop).to_dict(orient="records"))
    for arm in given.arms.split(","):
        compare(
            data,
            arm,
            seeds,
            develop=given.develop,
            only=given.only,
            kept=document.get(arm, []),
            keep=partial(keep, arm),
        )
    return document


def section(data: pd.DataFrame, document: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    parts = [
        f"""
64,000 customers drew an e-mail about men's goods, one about women's, or none; the outcome is a
visit. Qini (area between uplift curve and random line, per {PER_10_000:,} customers, no outcome
models) is a mean over {len(SEEDS)} random 70/30 splits; "minus ours" has the standard error of the
paired difference over splits, which share rows and so flatter it. All learners get the same
columns and the known probability; peers run with small trees (100 of 8 leaves) and with defaults.
Ours was developed on parts of the training rows of other splits (`--develop`); nothing was chosen
by these ten, on which each later version is run as it is."""
    ]
    for arm in ("womens", "mens"):
        found = summary(pd.DataFrame(document[arm]))
        rows = [
            [
                str(name),
                f"{row['mean']:.1f}",
                "" if name == OURS else f"{row['minus_ours']:+.1f} ({row['minus_ours_se']:.1f})",
                f"{row['seconds']:.1f}",
            ]
            for name, row in found.iterrows()
        ]
        head = ["learner", "Qini", "minus ours (s.e.)", "fit and predict, s"]
        parts.append(f"### {arm.capitalize()} e-mail against none\n\n{table(head, rows)}")
        one = spread(data, arm, SEEDS[0], develop=False)
        said = (f"{name} {r.value:.0f} ({r.low:.0f} to {r.high:.0f})" for name, r in one.iterrows())
        parts.append(f"One split alone (the first), with 95 % intervals: {', '.join(said)}.")
    policy = pd.DataFrame(document["three_arms"]).mean(numeric_only=True)
    single = " or ".join(sorted({row["single"] for row in document["three_arms"]}))
    parts.append(
        f"""### Three arms, the best for each customer

Visits per customer if each got the arm with the highest predicted effect:
{policy["value"]:.4f}; lead over the best single arm of the training rows ({single}):
{policy["lead"]:+.4f}, 95 % interval of a split on average {policy["low"]:+.4f} to
{policy["high"]:+.4f}. {policy["share_mens"]:.0%} got the men's e-mail,
{policy["share_womens"]:.0%} the women's, {policy["share_none"]:.0%} none."""
    )
    return "\n\n".join(parts)


def main() -> None:
    """Run, or read figures that were kept; print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--develop", action="store_true", help="other splits, training rows only")
    parser.add_argument("--only", help="learners whose name contains this; nothing is recorded")
    parser.add_argument("--arms", default="womens,mens", help="e-mails to compare with none")
    parser.add_argument("--figures", type=Path, help="JSON file with all figures")
    given = parser.parse_args()
    data = load()
    document = measured(data, given)
    if given.develop or given.only or given.arms != "womens,mens":
        for arm in given.arms.split(","):
            print(
                pd.DataFrame(document[arm]).groupby("learner")["qini"].mean().round(1).to_string()
            )
        return
    packages = ["lightgbm", "causalml", "econml", "scikit-learn"]
    record(
        "hillstrom", "Hillstrom: whom an e-mail changes", section(data, document), packages=packages
    )


if __name__ == "__main__":
    main()
