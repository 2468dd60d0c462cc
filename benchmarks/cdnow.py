"""Purchases expected in the 39 weeks of the CDNOW holdout: our hazard against BG/NBD.

Run `python benchmarks/cdnow.py`. Both are fitted on the first 39 weeks of the sample of 2,357
customers that the BG/NBD literature uses; the log ships with the package lifetimes. The hazard
also runs without trees, and with its number of features cut to those that BG/NBD has.
"""

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from models.learners import BetaGeometric, HazardClassifier

FIT_WEEKS, END_WEEKS = 39, 78
DAY = pd.Timedelta(days=1)
WEEK = 7 * DAY

#: What is known when a gap opens; BG/NBD knows the first two.
HISTORY = ["earlier", "age_days"]
BASKETS = ["mean_discs", "mean_amount"]


def purchase_days() -> pd.DataFrame:
    """Read the log: one row per customer and day, with discs and amount summed up."""
    package = find_spec("lifetimes")
    if package is None or package.origin is None:
        raise SystemExit("The CDNOW log comes with lifetimes: install the group `bench`.")
    log = pd.read_csv(
        Path(package.origin).parent / "datasets" / "CDNOW_sample.txt",
        sep=r"\s+",
        names=["master", "customer", "day", "discs", "amount"],
        dtype={"day": str},
    )
    log["day"] = pd.to_datetime(log["day"], format="%Y%m%d")
    return log.groupby(["customer", "day"], as_index=False)[["discs", "amount"]].sum()


def gaps_until(days: pd.DataFrame, last_day: pd.Timestamp) -> pd.DataFrame:
    """One row per purchase: the gap it opened, closed or censored, and what was known then."""
    seen = days[days["day"] <= last_day].sort_values(["customer", "day"])
    of = seen.groupby("customer")
    following = of["day"].shift(-1)
    number = of.cumcount()
    return pd.DataFrame(
        {
            "customer": seen["customer"],
            "earlier": number,
            "age_days": (seen["day"] - of["day"].transform("min")) / DAY,
            "mean_discs": of["discs"].cumsum() / (number + 1),
            "mean_amount": of["amount"].cumsum() / (number + 1),
            "event": following.notna().astype(int),
            "elapsed": (following.fillna(last_day) - seen["day"]) / DAY,
        }
    )


def by_hazard(
    gaps: pd.DataFrame, now: pd.DataFrame, *, columns: list[str], max_trees: int
) -> np.ndarray:
    """Events expected by the hazard model, in days."""
    model = HazardClassifier(earlier_events="earlier", age="age_days", max_trees=max_trees)
    model.fit(gaps[columns], gaps["event"], gaps["elapsed"], gaps["customer"])
    horizon = (END_WEEKS - FIT_WEEKS) * 7
    return model.expected_events(now[columns], horizon, elapsed=now["elapsed"]).to_numpy()


def by_beta_geometric(now: pd.DataFrame) -> np.ndarray:
    """Events expected by BG/NBD, in weeks as in the literature."""
    age, last = (now["age_days"] + now["elapsed"]) / 7, now["age_days"] / 7
    model = BetaGeometric().fit(now["earlier"], last, age)
    return model.expected_purchases(now["earlier"], last, age, END_WEEKS - FIT_WEEKS)


def row(name: str, expect: Callable[[], np.ndarray], fact: np.ndarray) -> dict[str, object]:
    """Fit, expect, and compare with what happened."""
    started = time.process_time()
    expected = expect()
    deviance = 2 * (expected - fact + fact * np.log(np.maximum(fact, 1) / expected)).mean()
    return {
        "model": name,
        "expected": round(expected.sum()),
        "expected / fact": expected.sum() / fact.sum(),
        "MAE": np.abs(expected - fact).mean(),
        "RMSE": np.sqrt(((expected - fact) ** 2).mean()),
        "Poisson deviance": deviance,
        "CPU s": time.process_time() - started,
    }


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    days = purchase_days()
    end_of_fit = days["day"].min() + FIT_WEEKS * WEEK - DAY
    holdout = days[
        (days["day"] > end_of_fit) & (days["day"] < days["day"].min() + END_WEEKS * WEEK)
    ]
    gaps = gaps_until(days, end_of_fit)
    now = gaps.groupby("customer").tail(1)
    bought = holdout.groupby("customer").size()
    fact = bought.reindex(now["customer"], fill_value=0).to_numpy()
    everything = HISTORY + BASKETS
    table = pd.DataFrame(
        [
            row("BG/NBD", lambda: by_beta_geometric(now), fact),
            row(
                "hazard, line only",
                lambda: by_hazard(gaps, now, columns=HISTORY, max_trees=0),
                fact,
            ),
            row(
                "hazard, history",
                lambda: by_hazard(gaps, now, columns=HISTORY, max_trees=500),
                fact,
            ),
            row("hazard", lambda: by_hazard(gaps, now, columns=everything, max_trees=500), fact),
        ]
    ).set_index("model")
    table["MAE / BG/NBD"] = table["MAE"] / table.loc["BG/NBD", "MAE"]
    print(f"{len(now):,} customers, {fact.sum():,} purchases in the holdout")
    print(table.round(4).to_string())


if __name__ == "__main__":
    main()
