"""Due dates where the truth is known: ours beside those of who knows everything but chance."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from record import record, sized, table

from models.measures import Resample, log_loss, observed_over_expected, roc_auc
from pipeline.release import read_release
from pipeline.run import make_project, run
from pipeline.score_set import parts, read_score_set
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import UNTIL, simulate

MODEL = "repurchase_timing"
MEMBERS, MONTHS, SEED = sized(40_000, small=4_000), 42, 53
#: What followed the scoring cut-off is seen for so many days.
FOLLOWED_DAYS = 168
AS_OF = UNTIL - timedelta(FOLLOWED_DAYS)
PAIR = ["customer_id", "category"]
HORIZON_DAYS = 28
DRAWS = 500


def scored(preset: str, members: int) -> pd.DataFrame:
    """Simulate, run the line as of a past day, and return scores, truth and what followed."""
    with TemporaryDirectory() as place:
        folder, data = Path(place) / "project", Path(place) / "data"
        folder.mkdir()
        simulate(
            PRESETS[preset],
            members=members,
            months=MONTHS,
            seed=SEED,
            to=data,
            cutoffs=[AS_OF],
            pair_members=0,
        )
        if preset == "refill":
            declare_general(data / "products.parquet")
        make_project(folder)
        params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
        params["models"] = {MODEL: params["models"].get(MODEL, {"seed": 20240401})}
        (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        run(folder, clock=lambda: datetime.now(UTC), data=str(data), as_of=AS_OF)
        artifacts = folder / "artifacts"
        live = read_score_set(artifacts, MODEL, read_release(artifacts).live(MODEL).score_set)
        scores = pd.concat(map(pd.read_parquet, parts(artifacts, live)), ignore_index=True)
        truth = pd.read_parquet(data / "truth" / "cycles.parquet").drop(columns=["as_of", "due_on"])
        truth = truth.rename(columns={"category_3": "category", "probability": "true"})
        rows = scores.merge(followed(data), on=PAIR, how="left")
        return rows.merge(truth, on=PAIR, how="left")


def declare_general(products: Path) -> None:
    """Take the purpose `health` off: tablets are hidden from every model otherwise."""
    rows = pq.read_table(products)
    place = rows.schema.get_field_index("purpose")
    general = pa.array(["general"] * len(rows), rows.schema.field(place).type)
    pq.write_table(rows.set_column(place, "purpose", general), products)


def followed(data: Path) -> pd.DataFrame:
    """Return in how many days each pair bought next, and how often it had bought before."""
    sold = pd.read_parquet(data / "transactions.parquet")
    sold = sold[(sold["kind"] == "sale") & sold["customer_id"].notna()]
    named = pd.read_parquet(data / "products.parquet")[["product_id", "category_3"]]
    sold = sold.merge(named.rename(columns={"category_3": "category"}), on="product_id")
    local = pd.to_datetime(sold["event_time"], utc=True).dt.tz_convert("Asia/Taipei")
    days = (local.dt.tz_localize(None).dt.normalize() - pd.Timestamp(AS_OF)).dt.days
    sold = sold.assign(day=days).drop_duplicates([*PAIR, "day"])
    after = sold[sold["day"] >= 0].groupby(PAIR)["day"].min().rename("next")
    before = sold[sold["day"] < 0].groupby(PAIR).size().rename("purchases")
    return pd.concat([after, before], axis=1).reset_index()


def compared(rows: pd.DataFrame) -> list[list[str]]:
    """Compare due dates on cycles still used whose next purchase was seen."""
    used = rows[rows["still_used"].eq(other=True) & rows["next"].notna()]
    histories = {
        "all": used["purchases"] >= 1,
        "1": used["purchases"] == 1,
        "2 to 6": used["purchases"].between(2, 6),
        "7 or more": used["purchases"] > 6,
    }
    lines = []
    for name, kept in histories.items():
        own = used[kept]
        actual = own["next"].to_numpy(int)
        days = {column: in_days(own[column]) for column in ("due_on", "opens_on", "closes_on")}
        ours = np.abs(days["due_on"] - actual)
        oracle = np.abs(np.floor(own["due_in_days"]).to_numpy(int) - actual)
        ratio, low, high = median_ratio(ours, oracle, own["customer_id"])
        inside = (days["opens_on"] <= actual) & (actual <= days["closes_on"])
        length = days["closes_on"] - days["opens_on"] + 1
        lines.append(
            [
                name,
                f"{len(own):,}",
                f"{middle(np.bincount(ours)):.1f}",
                f"{middle(np.bincount(oracle)):.1f}",
                f"{ratio:.3f} [{low:.3f}, {high:.3f}]",
                f"{ours.mean() / oracle.mean():.3f}",
                f"{inside.mean():.1%} of {length.mean():.0f} days",
            ]
        )
    return lines


def in_days(dates: pd.Series) -> np.ndarray:
    """Return whole days from the cut-off."""
    return (pd.to_datetime(dates) - pd.Timestamp(AS_OF)).dt.days.to_numpy(int)


def median_ratio(
    ours: np.ndarray, oracle: np.ndarray, customers: pd.Series
) -> tuple[float, float, float]:
    """Return the ratio of median errors with a 95 % interval, whole customers resampled."""
    codes, names = pd.factorize(customers)
    random = np.random.default_rng(SEED)

    def ratio(weight: np.ndarray) -> float:
        return middle(np.bincount(ours, weight)) / middle(np.bincount(oracle, weight))

    drawn = [
        ratio(np.bincount(random.integers(0, len(names), len(names)), minlength=len(names))[codes])
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return ratio(np.ones(len(codes))), float(low), float(high)


def middle(count: np.ndarray) -> float:
    """Return the median of whole days that occur so often, interpolated within its day."""
    below = np.cumsum(count)
    day = int(np.searchsorted(below, below[-1] / 2))
    before = below[day - 1] if day else 0.0
    return float(day + (below[-1] / 2 - before) / count[day])


def calibrated(rows: pd.DataFrame) -> list[list[str]]:
    """Compare the released probability with the truth and with what happened."""
    known = rows[rows["true"].notna()]
    said = {"repurchase_timing, all that is released": (rows, "probability")} | {
        name: (known, column)
        for name, column in {
            "repurchase_timing, where there is a cycle": "probability",
            "given the true drivers": "probability_drivers",
            "given what is hidden as well": "true",
        }.items()
    }
    return [[name, *_calibration(own, own[column])] for name, (own, column) in said.items()]


def _calibration(rows: pd.DataFrame, said: pd.Series) -> list[str]:
    y = (rows["next"] < HORIZON_DAYS).to_numpy(np.int8)
    resample = Resample(y, groups=rows["customer_id"], draws=DRAWS, seed=SEED)
    probability = said.clip(1e-6, 1 - 1e-6).to_numpy()
    ratio, area = (resample.estimate(one, probability) for one in (observed_over_expected, roc_auc))
    return [
        f"{len(rows):,}",
        f"{ratio.value:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]",
        f"{area.value:.4f} [{area.low:.4f}, {area.high:.4f}]",
        f"{log_loss(y, probability):.4f}",
    ]


def main(members: int = MEMBERS) -> None:
    """Measure both presets, print and record."""
    sections = []
    for preset, title in {
        "retail": "`retail`: eight consumables of 32 to 150 days",
        "refill": "`refill`: tablets of 28 days, declared `general` here, and vitamins",
    }.items():
        rows = scored(preset, members)
        dates = [
            "purchases before",
            "cycles",
            "our median error, days",
            "oracle's",
            "ratio",
            "ratio of mean errors",
            "purchases in our window",
        ]
        chances = ["within 28 days", "rows", "observed / expected", "ROC-AUC", "log loss"]
        sections.append(
            f"{title}; {len(rows):,} dates of {rows['customer_id'].nunique():,} members, "
            f"{rows['true'].notna().sum():,} of them of a cycle.\n\n"
            f"{table(dates, compared(rows))}\n\n{table(chances, calibrated(rows))}"
        )
    body = (
        f"{members:,} simulated members, {MONTHS} months, scored by the whole line as of {AS_OF}; "
        f"the {FOLLOWED_DAYS} days from then on are what happened. The oracle's due date is "
        "`truth/cycles.due_in_days`: the median of the coming purchase for who knows the member's "
        "usage and that the supply is still used. Both are compared with the day of the next "
        "purchase, on the cycles that are still used and had one in these days; medians of whole "
        "days are interpolated within their day.\n\n" + "\n\n".join(sections)
    )
    record(
        "timing_truth", "Due dates where the truth is known", body, packages=["lightgbm", "duckdb"]
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=MEMBERS)
    main(parser.parse_args().members)
