"""What customers of Online Retail buy within 90 days, ranked by us and by four peers.

    python benchmarks/online_retail_purchase.py

The split is in time: nothing of the 90 days after the test cut-off is seen by anybody, and
all settings of the peers are chosen on an earlier period.
"""

import argparse
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from fewer import fewer_customers
from pairs.compare import as_markdown, compared
from record import data_file, record

from pipeline.sources.online_retail import import_online_retail

#: The outcome window of the test ends before this day; the data go on to 9 December.
AS_OF = date(2011, 12, 1)


def main() -> None:
    """Train, compare, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="folder for the project; a passing one if absent")
    given = parser.parse_args()
    with TemporaryDirectory() as place:
        keep = given.keep or Path(place)
        data = keep / "data"
        if not data.exists():
            import_online_retail(data_file("online_retail_2009-2011.parquet"), data)
            fewer_customers(data)
        found = compared(data, keep / "project", as_of=AS_OF)
    body = f"""
Which products each customer buys in the 90 days from {found.as_of}, among all customers known
then who bought anything. All rankings see the same purchases up to that day and are judged by
the same ones after it; those of products that were not yet on sale count as missed by all.
Intervals of differences are paired by customer. Peers ran with what was best by MAP@12 in the
90 days from {found.tuned_as_of}, each part by itself; ALS is `implicit`, tuned in two steps from
its defaults. In the second table no ranking shows what its customer had bought before.

{as_markdown(found, what="products")}
"""
    record(
        "online_retail_purchase",
        "Online Retail: which product a customer buys next",
        body,
        packages=["lightgbm", "implicit"],
    )


if __name__ == "__main__":
    main()
