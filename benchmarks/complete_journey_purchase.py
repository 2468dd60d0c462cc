"""Which categories a household of Complete Journey buys in four weeks, ranked by us and peers.

    python benchmarks/complete_journey_purchase.py

Lines are those of the adapter with each product replaced by its narrowest category, which
then is what is bought, held, recommended: 2,000 of them are on sale. Department and category
above it stay as its path. A category has neither brand nor price.
"""

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from fewer import fewer_customers
from pairs.compare import as_markdown, compared
from record import data_file, record

from pipeline.engine import engine
from pipeline.sources.complete_journey import import_complete_journey

HORIZON_DAYS = 28
#: Tables that speak of products, or that nothing here needs.
_LEFT_OUT = ("promotions.parquet", "campaigns.parquet", "contacts.parquet", "outcomes.parquet")
_QUERIES = {
    "transactions": """
        SELECT t.* REPLACE (p.category_3 AS product_id)
        FROM read_parquet('{data}/transactions.parquet') t
        JOIN read_parquet('{data}/products.parquet') p USING (product_id)
        WHERE p.category_3 IS NOT NULL
        ORDER BY t.event_time, t.line_id
    """,
    "products": """
        SELECT category_3 AS product_id, category_3 AS name, mode(category) AS category,
            mode(category_2) AS category_2
        FROM read_parquet('{data}/products.parquet')
        WHERE category_3 IS NOT NULL
        GROUP BY category_3
        ORDER BY product_id
    """,
}


def by_category(products: Path, to: Path) -> None:
    """Write the tables with each product replaced by its narrowest category."""
    shutil.copytree(products, to, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    with engine(to, threads=1) as connection:
        for name, query in _QUERIES.items():
            target = to / f"{name}.parquet"
            connection.raw_sql(f"COPY ({query.format(data=products)}) TO '{target}'")


def main() -> None:
    """Train, compare, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="folder for the project; a passing one if absent")
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        keep = given.keep or Path(place)
        data = keep / "data"
        if not data.exists():
            import_complete_journey(data_file("complete-journey"), keep / "products")
            by_category(keep / "products", data)
            fewer_customers(data)
        found = compared(data, keep / "project", horizon_days=HORIZON_DAYS)
    body = f"""
Which narrow categories (product types) each household buys in the four weeks from {found.as_of},
among all households known then that bought anything. The data are dunnhumby's: its packages call
them simulated from real patterns, or households' transactions. All rankings see the same
purchases up to that day and are judged by the same ones after it. Intervals of differences are
paired by household. Peers ran with what was best by MAP@12 in the four weeks from
{found.tuned_as_of}, each part by itself; ALS is `implicit`, tuned in two steps from its defaults.
In the second table no ranking shows what its household had bought before.

{as_markdown(found, what="categories")}
"""
    record(
        "complete_journey_purchase",
        "Complete Journey: which category a household buys next",
        body,
        packages=["lightgbm", "implicit"],
    )


if __name__ == "__main__":
    main()
