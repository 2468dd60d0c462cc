"""What taking in one more day costs, step by step, beside taking in everything.

Run `python benchmarks/day_taken_in.py --customers 100000`. It delivers what
`incremental_day.py` does, and builds two cut-offs where that builds all: data are digested,
ingested, validated, made into grains, every cut-off is asked whether it sees another row, and the
tables are accepted; then the features of all customers are computed as of the end of the day, and
as of the middle of all cut-offs. One process; threads as the steps choose them.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from feature_catalogue import AS_OF, Step, draw, timed
from incremental_day import NOW, by_month, one_day_later
from record import record, sized, table

from features.catalogue import catalogue
from features.shelf import associations, offers
from features.views import holdings, tastes
from pipeline.arrivals.compare import compare
from pipeline.arrivals.profile import keep_profile, profile, read_profile
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.ingest import ingest
from pipeline.kept_grains import KEPT_GRAINS
from pipeline.live_tables import accept_tables
from pipeline.params import ArrivalLimits
from pipeline.plan import span_of
from pipeline.quality import read_quality
from pipeline.sifted_parts import SIFTED
from pipeline.snapshot_store import build_snapshots
from pipeline.snapshot_table import BASE, grain_of
from pipeline.sources.fingerprint import fingerprint
from pipeline.validate import validate
from pipeline.visible_digest import visible_digests

TITLE = "What taking in one more day costs"
#: Cut-offs of all customers that the three models ask for together, as they are declared.
DECLARED = 16
CUTOFFS = [AS_OF - timedelta(days=30 * number) for number in range(DECLARED)]
MIDDLE = CUTOFFS[DECLARED // 2]


def main() -> None:
    """Draw, take in everything, take in one more day, record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        root = options.keep or Path(folder)
        data, artifacts = root / "data", root / "artifacts"
        if not data.exists():
            draw(data, options.customers, options.lines_each)
            by_month(data)
        first = take_in(data, artifacts)
        one_day_later(data)
        day = take_in(data, artifacts)
        looked = look(artifacts, [AS_OF + timedelta(days=1), MIDDLE])
    body = body_of(options.customers, options.customers * options.lines_each, first, day, looked)
    print(body)
    if options.record:
        record("day_taken_in", TITLE, body, packages=("duckdb", "ibis-framework"))


def take_in(data: Path, artifacts: Path) -> list[Step]:
    """Take in what lies at a place; return what each step cost."""
    steps: list[Step] = []

    def step(name: str, job: Callable[[], object]) -> None:
        steps.append(timed(name, job))
        print(steps[-1], flush=True)

    step("digest of the data", lambda: fingerprint(str(data)))
    # DVC removes what a stage made before it runs it.
    shutil.rmtree(artifacts / "ingested", ignore_errors=True)
    step("ingest", lambda: ingest(str(data), artifacts / "ingested"))
    step("validate", lambda: _validate(artifacts))
    with engine(artifacts, threads=1, memory="4GB") as connection:
        events = read_events(connection, artifacts / "tables", time_zone="UTC")
        opened: list[Grains] = []
        kept = artifacts / KEPT_GRAINS
        step("blocks", lambda: opened.append(Grains(connection, events, keep=kept)))
        grains = opened[0]
        step("span", lambda: span_of(events))
        of_customers = grains.deliverable(catalogue("customer", "time").values())
        of_products = grains.deliverable(catalogue("product").values())
        every = {grain_of(one.grain) for one in (*of_customers, *of_products)}
        for one in sorted(every, key=lambda one: one.name):
            step(f"grain {one.name}", lambda one=one: grains.rows(one))
        seen = (
            [*(one.grain for one in of_customers), BASE["customer"]],
            [*(one.grain for one in of_products), BASE["product"]],
            [holdings, tastes],
            [offers, associations],
        )
        step(
            "what cut-offs see",
            lambda: [visible_digests(grains, sources, CUTOFFS) for sources in seen],
        )
    step("compare and accept", lambda: _accept(artifacts))
    return steps


def look(artifacts: Path, days: list[date]) -> list[Step]:
    """Build the snapshot of all customers as of some days; return what each cost."""
    steps = []
    with engine(artifacts, threads=1, memory="4GB") as connection:
        events = read_events(connection, artifacts / "tables", time_zone="UTC")
        grains = Grains(connection, events, keep=artifacts / KEPT_GRAINS)
        features = grains.deliverable(catalogue("customer", "time").values())
        for one in {grain_of(one.grain) for one in features}:
            grains.rows(one)
        build = partial(
            build_snapshots,
            connection,
            grains,
            features=features,
            artifacts=artifacts,
            data="benchmark",
        )
        for day in days:
            job = partial(build, cutoffs=[day])
            steps.append(timed(f"one snapshot of all customers, as of {day}", job))
            print(steps[-1], flush=True)
    return steps


def _validate(artifacts: Path) -> None:
    validate(artifacts / "ingested", artifacts, time_zone="UTC", now=NOW, memory=artifacts / SIFTED)


def _accept(artifacts: Path) -> None:
    before = read_profile(artifacts)
    found = profile(
        artifacts / "tables",
        time_zone="UTC",
        quality=read_quality(artifacts / "quality"),
        since=before,
    )
    if before is not None:
        list(compare(found, before, ArrivalLimits()))
    accept_tables(artifacts)
    keep_profile(artifacts, found)


def body_of(
    customers: int, lines: int, first: list[Step], day: list[Step], looked: list[Step]
) -> str:
    """Return the section."""
    rows = [[then.name, *_three(then.cpu, now.cpu)] for then, now in zip(first, day, strict=True)]
    taken = [sum(one.cpu for one in steps) for steps in (first, day)]
    last, middle = looked
    build, scored = taken[0] + DECLARED * middle.cpu, taken[1] + last.cpu
    peaks = [max(one.peak for one in steps) for steps in (first, day, looked)]
    rows.append(["**together**", *_three(*taken)])
    rows.append([last.name, "", f"{last.cpu:.1f}", ""])
    rows.append([middle.name, f"{middle.cpu:.1f}", "", ""])
    head = ["step", "everything, processor s", "one more day, processor s", "share"]
    return f"""
{customers:,} customers, {lines:,} receipt lines of three years in files by the month; the day is
one file more, about {lines // 1096:,} lines, one order in fifty being nine days late. Peak memory:
{peaks[0]:,.0f} MiB, {peaks[1]:,.0f} in the day, {peaks[2]:,.0f} with the snapshots.

{table(head, rows)}

A full build takes in everything and builds the {DECLARED} snapshots of all customers that the
three models ask for. Not all of them were built here: that in their middle was, and counts
{DECLARED} times, which makes {build:,.0f} s. Of these, a day that nobody scores takes
{taken[1] / build:.1%}, and one that is scored, with a snapshot as of its own end,
{scored / build:.1%} ({scored:,.0f} s). Neither
counts what pairs and products need at a cut-off; that, with DVC's work, is measured by
`python benchmarks/incremental_day.py`.
"""


def _three(then: float, now: float) -> list[str]:
    return [f"{then:.1f}", f"{now:.1f}", f"{now / max(then, 0.05):.0%}"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=sized(100_000, small=2_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--keep", type=Path, default=None, help="Draw and take in here; keep it.")
    parser.add_argument("--scratch", type=Path, default=None, help="Where to draw the tables.")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
