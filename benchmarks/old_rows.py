"""What a limit of `retention.tables` costs when it is set, and when it moves by a month.

Run `python benchmarks/old_rows.py`. Receipts of three years come in files by the month; first
everything is taken in, then with a limit of two years, then with the same limit a month later. One
process; threads as the steps choose them.
"""

import argparse
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from feature_catalogue import Step, draw, timed
from incremental_day import NOW, by_month
from record import record, sized, table

from pipeline.erase_past import erase_past_rows
from pipeline.ingest import ingest, read_manifest
from pipeline.kept_since import Kept
from pipeline.live_tables import accept_tables
from pipeline.sifted_parts import SIFTED
from pipeline.validate import validate

TITLE = "Letting go of rows that grew too old"
LIMITS = {
    "no limit": Kept(),
    "two years": Kept({"transactions": date(2023, 12, 1)}),
    "a month later": Kept({"transactions": date(2024, 1, 1)}),
}


def main() -> None:
    """Draw, take in under each limit, record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        data = Path(folder) / "data"
        draw(data, options.customers, options.lines_each)
        by_month(data)
        told = {name: taken_in(data, kept) for name, kept in LIMITS.items()}
    body = body_of(options.customers * options.lines_each, told)
    print(body)
    if options.record:
        record("old_rows", TITLE, body, packages=("duckdb", "ibis-framework"))


def taken_in(data: Path, kept: Kept) -> tuple[list[Step], int]:
    """Take the data in under a limit; return what each step cost, and the rows left out."""
    project, steps = data.parent, []
    artifacts = project / "artifacts"

    def step(name: str, job: Callable[[], object]) -> None:
        steps.append(timed(name, job))
        print(steps[-1], flush=True)

    step("remove what was kept", lambda: erase_past_rows(project, kept, only_if_moved=True))
    step("ingest", lambda: ingest(str(data), artifacts / "ingested", kept=kept))
    step("validate", lambda: _validate(artifacts))
    step("accept", lambda: accept_tables(artifacts))
    return steps, sum(read_manifest(artifacts / "ingested").past_retention.values())


def _validate(artifacts: Path) -> None:
    validate(artifacts / "ingested", artifacts, time_zone="UTC", now=NOW, memory=artifacts / SIFTED)


def body_of(lines: int, told: dict[str, tuple[list[Step], int]]) -> str:
    """Return the section."""
    rows = [
        (together[0].name, *(f"{one.cpu:.1f}" for one in together))
        for together in zip(*(steps for steps, _ in told.values()), strict=True)
    ]
    whole = [f"{sum(one.cpu for one in steps):.1f}" for steps, _ in told.values()]
    rows.append(("**together**", *whole))
    rows.append(("rows too old", *(f"{past:,}" for _, past in told.values())))
    return f"""
{lines:,} receipt lines of three years in 36 files by the month. Processor seconds of taking all of
them in, of a limit of two years that is set, and of the same limit when it has moved by a month.
Grains and snapshots are not counted: once a month, when the limit moves, they cost what a full
build costs.

{table(("processor s", *told), rows)}
"""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=sized(100_000, small=2_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--scratch", type=Path, default=None, help="Where to draw the tables.")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
