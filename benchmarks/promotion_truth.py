"""What promotions are said to have added, against what the simulator planted.

python benchmarks/promotion_truth.py               # a quarter of an hour
python benchmarks/promotion_truth.py --seed 308    # another chain; records nothing
"""

import argparse
import warnings
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
import pandas as pd
from lift_truth import CHAIN, MONTHS, UNTIL, opened, simulated
from record import record, table

from campaigns.effect.promotion import PromotionReport, effect_of_promotion

SEED = 307  # of a chain that nothing was made on


def told_promotions(data: Path) -> pd.DataFrame:
    """Compare what promotions are said to have added with what was planted, part by part."""
    lines = _planted(data)
    found = []
    with opened(data) as grains:
        ended = grains.table("promotions").filter(ibis._.ends_on <= UNTIL - timedelta(weeks=5))
        for name in sorted(ended.promotion_id.to_pyarrow().to_pylist()):
            told = effect_of_promotion(name, grains, as_of=UNTIL, level=0.95)
            true = _truth_of(lines[lines["promotion_id"] == name], told)
            found += [
                {
                    "part": one.part,
                    "design": told.design,
                    "holds": one.low <= true[one.part] <= one.high,
                    "width": one.high - one.low,
                    "off": one.value - true[one.part],
                    "true": true[one.part],
                }
                for one in told.parts
                if one.measure == "units"
            ]
            print(name, len(found), flush=True)
    return pd.DataFrame(found)


def section(rows: pd.DataFrame) -> str:
    """Tell how often the interval of a part of a promotion holds what was planted."""
    by_part = [
        [
            str(part),
            f"{len(own)}",
            f"{own['holds'].mean():.1%}",
            f"{own['width'].median():.0f}",
            f"{own['off'].median():+.1f}",
            f"{own['true'].median():+.1f}",
        ]
        for part, own in rows.groupby("part", sort=False)
    ]
    return f"""
{rows["part"].eq("own").sum()} promotions of a chain of {CHAIN:,} members, {MONTHS} months (seed
{SEED}, on which no rule was made); units.
{rows["holds"].mean():.1%} of all intervals hold what was planted.

{table(["part", "intervals", "hold the truth", "width", "off by", "true"], by_part)}

Width, error and truth are medians. What one promotion took from a family that had a promotion
of its own at the time is left out on both sides.
"""


def _planted(data: Path) -> pd.DataFrame:
    planted = pd.read_parquet(data / "truth" / "planted_lines.parquet")
    sold = pd.read_parquet(
        data / "transactions.parquet", columns=["line_id", "product_id", "quantity"]
    )
    kinds = pd.read_parquet(data / "products.parquet").set_index("product_id")["category_3"]
    rows = planted.dropna(subset=["promotion_id"]).merge(sold, on="line_id")
    return rows.assign(own=rows["product_id"].map(kinds), instead=rows["instead_of"])


def _truth_of(lines: pd.DataFrame, told: PromotionReport) -> dict[str, float]:
    def units(mask: pd.Series) -> float:
        return float(lines.loc[mask, "quantity"].sum())

    cause = lines["cause"]
    switched = cause == "switched"
    companions, family = told.companions, told.family
    true = {
        "own": units(cause.isin(["new_demand", "switched", "pulled_forward"])),
        "pull-forward": -units(cause == "pulled_forward"),
        "cannibalisation": -units(switched & lines["instead"].isin(family)),
        "halo": units((cause == "halo") & lines["own"].isin(companions))
        - units(switched & lines["instead"].isin(companions)),
    }
    return true | {"net": sum(true.values())}


def main() -> None:
    """Run, print and record."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        body = section(told_promotions(simulated(Path(place), CHAIN, given.seed)))
    if given.seed != SEED:
        print(body)
        return
    record(
        "promotion_truth",
        "What promotions added, where the truth is known",
        body,
        packages=["numpy", "duckdb"],
    )


if __name__ == "__main__":
    main()
