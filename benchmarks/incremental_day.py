"""What one more day costs over an invented chain of shops, against building everything.

Run `python benchmarks/incremental_day.py --customers 20000`. Tables are drawn as for
`feature_catalogue.py`, and delivered as a retailer would who appends: receipts by the month, then
one file more for the day, with receipts that come days late. Each run is what `shortlist run` does
from the delivery to the snapshots, in a process of its own: digest the data, let DVC reproduce
`ingest`, `validate` and `snapshot`, hold the data against those before, accept them.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import yaml
from feature_catalogue import AS_OF, draw
from record import record, sized, table

from pipeline.arrivals.compare import compare
from pipeline.arrivals.profile import keep_profile, profile, read_profile
from pipeline.live_tables import accept_tables
from pipeline.project import open_project
from pipeline.quality import read_quality
from pipeline.run import make_project, reproduce, settle

TITLE = "What an incremental day costs"
MODELS = ("customer_activity", "purchase_propensity", "repurchase_timing")
NOW = datetime.combine(AS_OF + timedelta(days=2), datetime.min.time(), UTC)


class Shop(NamedTuple):
    """A project, its data, its models and how many cut-offs they learn from, if not as declared."""

    project: Path
    data: Path
    models: tuple[str, ...]
    training: int | None


class Spent(NamedTuple):
    """What a run took: seconds, processor seconds, peak MiB, tables and customer cut-offs built."""

    wall: float
    cpu: float
    peak: float
    built: int
    cutoffs: int


def main() -> None:
    """Draw, build, take in one more day in several ways, record."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        root = Path(options.keep or folder)
        data, project = root / "data", root / "project"
        if not data.exists():
            draw(data, options.customers, options.lines_each)
            by_month(data)
        shop = Shop(project, data, tuple(options.models), options.training)
        rows = [("everything", _apart(shop, {}, None))]
        laid = _laid(project)
        scored = max(laid.values())
        one_day_later(data)
        rows += [
            (
                "one more day, nothing to score",
                _apart(shop, laid, None, "validate"),
            ),
            ("the same day, cut-offs as they were", _apart(shop, laid, scored)),
            ("the same day, scored as of its end", _apart(shop, laid, None)),
        ]
    body = _body(options, rows)
    print(body)
    if options.record:
        record("incremental_day", TITLE, body, packages=("duckdb", "ibis-framework", "dvc"))


def by_month(data: Path) -> None:
    """Divide the receipts into one file a month."""
    whole, to = data / "transactions.parquet", data / "transactions"
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(data)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"""COPY (SELECT *, strftime(available_time, '%Y-%m') AS month FROM '{whole}') TO '{to}'
            (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (month), FILENAME_PATTERN 'part{{i}}')"""  # noqa: E501, S608 - our own words
        )
    for part in sorted(to.glob("*/*.parquet")):
        part.rename(to / f"{part.parent.name.removeprefix('month=')}.{part.name}")
        if not any(part.parent.iterdir()):
            part.parent.rmdir()
    whole.unlink()


def one_day_later(data: Path) -> None:
    """Append a day: the receipts of one day three years ago, one in fifty of them days late."""
    lines = f"read_parquet('{data / 'transactions'}/*.parquet')"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"""COPY (
              SELECT * REPLACE ('N' || line_id AS line_id, 'N' || order_id AS order_id,
                event_time + to_days(1096 - if(hash(order_id) % 50 = 0, 9, 0)) AS event_time,
                available_time + INTERVAL 1096 DAY AS available_time)
              FROM {lines} WHERE event_time::DATE = '2023-01-01'
            ) TO '{data / "transactions" / f"{AS_OF}.parquet"}' (COMPRESSION zstd)"""  # noqa: S608 - our own words
        )


def bring_up_to_date(shop: Shop, laid: dict[str, date], as_of: date | None, stage: str) -> None:
    """Do what a run does before it trains, up to a stage."""
    project = shop.project
    make_project(project)
    file = project / "params.yaml"
    params = yaml.safe_load(file.read_text(encoding="utf-8"))
    models = {name: params["models"][name] for name in shop.models}
    params |= {"time_zone": "UTC", "models": models}
    if shop.training is not None:
        params["snapshots"] = {**params.get("snapshots", {}), "max_training": shop.training}
    file.write_text(yaml.safe_dump(params), encoding="utf-8")
    settle(
        project, data=str(shop.data), as_of=as_of, overrides={}, clock=lambda: NOW, laid_from=laid
    )
    reproduce(project, stage)
    artifacts, before = project / "artifacts", read_profile(project / "artifacts")
    found = profile(
        artifacts / "tables",
        time_zone="UTC",
        quality=read_quality(artifacts / "quality"),
        since=before,
    )
    if before is not None:
        list(compare(found, before, open_project(project).params.retrain.limits))
    accept_tables(artifacts)
    keep_profile(artifacts, found)


def _apart(
    shop: Shop,
    laid: dict[str, date],
    as_of: date | None,
    stage: str = "snapshot",
) -> Spent:
    shop.project.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        spent = pool.apply(_measured, (shop, laid, as_of, stage))
    print(stage, as_of, spent, flush=True)
    return spent


def _measured(shop: Shop, laid: dict[str, date], as_of: date | None, stage: str) -> Spent:
    before, began, at = _snapshots(shop.project), time.perf_counter(), _used()
    bring_up_to_date(shop, laid, as_of, stage)
    wall, used = time.perf_counter() - began, _used()
    built = [path for path, one in _snapshots(shop.project).items() if before.get(path) != one]
    customers = sum("/customer/" in path for path in built)
    return Spent(wall, used.cpu - at.cpu, used.peak, len(built), customers)


class _Used(NamedTuple):
    cpu: float
    peak: float


def _used() -> _Used:
    """Return what this process and those that it started have used."""
    own, others = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    cpu = sum(one.ru_utime + one.ru_stime for one in (own, others))
    return _Used(cpu, max(own.ru_maxrss, others.ru_maxrss) / 1024)


def _snapshots(project: Path) -> dict[str, str]:
    """Return the version of every table that is kept of a cut-off."""
    found = (project / "artifacts" / "snapshots").glob("*/as_of=*/manifest.json")
    return {
        str(path): str(_version(json.loads(path.read_text(encoding="utf-8")))) for path in found
    }


def _version(manifest: dict[str, object]) -> object:
    return manifest.get("version") or manifest.get("snapshot")


def _laid(project: Path) -> dict[str, date]:
    """Return the scoring cut-off that each model was laid from."""
    laid = json.loads((project / "artifacts" / "cutoffs.json").read_text(encoding="utf-8"))
    return {name: date.fromisoformat(one["score"]) for name, one in laid.items() if "score" in one}


def _body(options: argparse.Namespace, rows: list[tuple[str, Spent]]) -> str:
    whole, lines = rows[0][1].cpu, options.customers * options.lines_each
    cells = [
        [
            name,
            f"{one.cpu:,.1f}",
            f"{one.cpu / whole:.1%}",
            f"{one.wall:,.0f}",
            f"{one.peak:,.0f}",
            f"{one.cutoffs}",
            f"{one.built}",
        ]
        for name, one in rows
    ]
    head = [
        "run", "processor, s", "share", "wall, s", "peak, MiB", "customer snapshots built",
        "tables of cut-offs built",
    ]  # fmt: skip
    learning = (
        "as many as it declares" if options.training is None else f"at most {options.training}"
    )
    return f"""
{options.customers:,} customers, {lines:,} receipt lines of three years in files by the month; the
day is one file more, {lines // 1096:,} lines on average, one order in fifty late. Models:
{", ".join(options.models)}, without those that such data cannot teach; cut-offs that a model
learns from: {learning}. All of a run that comes before training, DVC's work included. A table of
a cut-off is a snapshot, a set of codes or a part of the state of pairs. `cut-offs as they were`
is `--as-of` the cut-off before: grains are renewed, and every cut-off is looked at whether it sees
anything new. Scored as of its end, the day has a cut-off of its own: everybody's features, codes
and pairs as of a new day.

{table(head, cells)}
"""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=sized(100_000, small=1_000))
    parser.add_argument("--lines-each", type=int, default=50)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--training", type=int, default=None, help="Cut-offs to learn from.")
    parser.add_argument("--scratch", type=Path, default=None, help="Where to draw the tables.")
    parser.add_argument("--keep", type=Path, default=None, help="Draw and build here; keep it.")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
