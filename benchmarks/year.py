"""A year of monthly retraining on simulated members, quiet or with planted breaks.

`python benchmarks/year.py`: two quiet years, one with breaks; stopped, it goes on later.
Every month: what is known by then is delivered, held against the last delivery,
trained on, evaluated, gated, released and monitored. Refused data are taken in all the same, to see
what the gate says of the model; where they are broken, what came of it is rolled back. Limits were
chosen on other seeds than those reported.
"""

import argparse
import json
import shutil
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
from record import ROOT, record, sized, table

from pipeline import ingest, snapshot, validate
from pipeline.arrivals.compare import compare
from pipeline.arrivals.profile import keep_profile, profile, read_profile
from pipeline.duck import quoted
from pipeline.durable import write_json
from pipeline.fingerprint import folder_digest
from pipeline.kinds import kind_of
from pipeline.monitor.record import Record
from pipeline.monitor.watch import watch
from pipeline.project import find_model, open_project
from pipeline.publish import promote, publish
from pipeline.quality import read_quality
from pipeline.release import read_release, release, step_back
from pipeline.run import make_project, settle
from pipeline.score_set import score_set_folder
from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate

TITLE = "A year of monthly retraining"
MODEL = "customer_activity"
PLACE = ROOT / "artifacts" / sized("year", small="short_year")
FIRST, STEP, MONTHS = date(2025, 11, 1), timedelta(days=30), sized(12, small=2)
OVERRIDES: dict[str, Any] = {
    "models": {MODEL: {"gap_days": 0, "horizon_days": 30, "seed": 20240401}},
    "gate.list_size": 300,
    "gate.draws": 300,
    # The intervals of so few customers are wider than the usual margin of 0.005.
    "gate.refresh_margin": 0.02,
}
HALF, QUARTER, MISDATED = 0.5, 0.25, 0.95
PRICE_WAR, NEW_CATEGORY, REGION_LOST, BROKEN_COLUMN = 3, 6, 9, 11
BREAKS = {
    PRICE_WAR: "price war: half of the orders stay away, the others are 30 % cheaper",
    NEW_CATEGORY: "new category: from now on a quarter of the orders hold a robot",
    REGION_LOST: "region lost: from now on nobody in Taipei buys",
    BROKEN_COLUMN: "broken column: event_time of nearly all sales of the month lies 40 days early",
}


AFTER = {
    PRICE_WAR + 1: "the war is over",
    BROKEN_COLUMN + 1: "mended and delivered anew",
}
INTRODUCTION = (
    "{members:,} simulated members, twelve cut-offs 30 days apart, outcomes within 30 days. A new "
    "alarm is one that did not ring at the cut-off before."
)


class Month(NamedTuple):
    """What a month came to: what its data, the gate and monitoring said, and what is live."""

    number: int
    as_of: date
    findings: list[str]
    passed: bool | None
    refusals: list[str]
    live: str | None
    records: list[Record]

    def begun(self) -> list[str]:
        """Return what began to ring this month."""
        return [
            f"{one.subject}: {alarm.kind} {alarm.subject}"
            for one in self.records
            for alarm in one.alarms
            if alarm.since == self.as_of
        ]

    def figures(self) -> int:
        """Return how many figures could have rung."""
        judged = ("observed_over_expected", "calibration_slope", "roc_auc")
        return sum(
            (len(one.drift.columns) + 1 if one.drift else 0)
            + sum(name in judged for name in (one.realised.measures if one.realised else ()))
            + (one.scores is not None)
            + (one.turnover is not None)
            for one in self.records
        )


def cutoff(month: int) -> date:
    """Return the cut-off of a month; 0 is the first release."""
    return FIRST + month * STEP


def main() -> None:
    """Live through the years that were asked for, and print or record what rang."""
    options = _options()
    ends = time.monotonic() + options.seconds
    years = [(seed, False) for seed in options.quiet]
    years += [(options.broken, True)] if options.broken is not None else []
    parts = []
    for seed, breaks in years:
        lived = year(options.scratch, seed, options.members, breaks=breaks, ends=ends)
        if len(lived) <= MONTHS:
            print("not done yet: the same command goes on from here")
            return
        parts.append(_broken(seed, lived) if breaks else _quiet(seed, lived))
    body = "\n\n".join([INTRODUCTION.format(members=options.members), *parts])
    print(body)
    if options.record:
        record("year", TITLE, body, packages=("duckdb", "lightgbm", "scikit-learn"))


def year(
    scratch: Path, seed: int, members: int, *, breaks: bool, ends: float
) -> list[dict[str, Any]]:
    """Live through one year, or go on with it; return its months up to now.

    Data are written once: each month sees what was known before its cut-off.
    """
    home = scratch / f"{'broken' if breaks else 'quiet'}-{seed}"
    folder, data, diary = home / "project", home / "data", home / "months.json"
    if not (home / "mended.parquet").exists():
        folder.mkdir(parents=True, exist_ok=True)
        simulate(PRESETS["retail"], members=members, months=42, seed=seed, to=data)
        if breaks:
            plant(data, seed)
        # All snapshots at once: what a cut-off sees is the same whenever it is built.
        deliver(folder, data, MONTHS, longest=MONTHS + 12)
        snapshot.build(open_project(folder))
        shutil.copyfile(data / "transactions.parquet", home / "mended.parquet")
    months: list[dict[str, Any]] = json.loads(diary.read_text()) if diary.exists() else []
    for number in range(len(months), MONTHS + 1):
        if time.monotonic() > ends:
            break
        if breaks and number == BROKEN_COLUMN:
            misdate(data, seed)
        elif breaks and number == BROKEN_COLUMN + 1:
            shutil.copyfile(home / "mended.parquet", data / "transactions.parquet")
        before = live_state(folder)
        # A quiet year shows that monitoring is quiet; the gate is asked every third month.
        retrained = breaks or number % 3 == 0
        broken = breaks and number == BROKEN_COLUMN
        month = live_through(folder, data, number, retrained=retrained, kept=not broken)
        rolled = roll_back(folder, before) if broken else ""
        months.append({**month._asdict(), "begun": month.begun(), "figures": month.figures(),
                       "rolled": rolled})  # fmt: skip
        write_json(diary, [{**one, "records": _plain(one["records"])} for one in months])
        print(f"seed {seed} month {number}: {month.findings} {month.passed} {month.refusals} "
              f"{months[-1]['begun']}", flush=True)  # fmt: skip
    return months


def deliver(folder: Path, data: Path, number: int, *, longest: int = 12) -> None:
    """Note the run of a month; read the tables again if they were delivered anew."""
    make_project(folder)
    overrides = {**OVERRIDES, "snapshots.max_training": longest}
    settle(folder, data=str(data), as_of=cutoff(number), overrides=overrides,
           clock=lambda: datetime.now(UTC))  # fmt: skip
    delivered = folder / "artifacts" / "delivered.txt"
    fingerprint = open_project(folder).run.fingerprint
    if not delivered.exists() or delivered.read_text() != fingerprint:
        ingest.main(folder)
        validate.main(folder)
        delivered.write_text(fingerprint)


def arrived(folder: Path, number: int, *, kept: bool) -> list[str]:
    """Hold what is known by now against the data of the month before, as `retrain` does."""
    artifacts, project = folder / "artifacts", open_project(folder)
    before = read_profile(artifacts)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        known = f"available_time < timezone('Asia/Taipei', TIMESTAMP '{cutoff(number)}')"
        tables = Path(scratch) / "tables"
        tables.mkdir()
        for path in (artifacts / "tables").glob("*.parquet"):
            rows = connection.sql(f"FROM read_parquet({quoted(path)})")
            rows = rows.filter(known) if "available_time" in rows.columns else rows
            rows.to_parquet(str(tables / path.name))
        found = profile(
            tables,
            time_zone=project.params.time_zone,
            quality=read_quality(artifacts / "quality"),
            since=before,
        )
    findings = list(compare(found, before, project.params.retrain.limits)) if before else []
    if kept:
        keep_profile(artifacts, found)
    return findings


def live_through(folder: Path, data: Path, number: int, *, retrained: bool, kept: bool) -> Month:
    """Do what a scheduler does once a month, in this process."""

    def clock() -> datetime:
        return datetime.now(UTC)

    deliver(folder, data, number)
    findings = arrived(folder, number, kept=kept)
    project = open_project(folder)
    snapshot.build(project)
    model = find_model(MODEL)
    kind = kind_of(model)
    if retrained:
        kind.train(project, model)
        kind.evaluate(project, model)
        published = publish(project, MODEL, clock=clock)
        passed, refusals = published.decision.passed, published.decision.refusals()
        if published.live is None:
            promote(project, MODEL, published.version.number, clock=clock, reason="a year begins")
    else:
        live = read_release(project.artifacts).live(MODEL).version
        scored = kind.score(project, model, live, clock=clock)
        release(project.artifacts, MODEL, version=live, score_set=scored.id, at=clock())
        passed, refusals = None, []
    records = watch(project, clock=clock)
    live = read_release(project.artifacts).live(MODEL).version
    return Month(number, cutoff(number), findings, passed, refusals, live, records)


def plant(data: Path, seed: int) -> None:
    """Edit the delivered tables: a price war, a new category, a region that is lost."""
    random = np.random.default_rng(seed)
    lines = pd.read_parquet(data / "transactions.parquet")
    day = lines["event_time"]
    at = {month: pd.Timestamp(cutoff(month - 1), tz="Asia/Taipei") for month in BREAKS}
    ends = pd.Timestamp(cutoff(PRICE_WAR), tz="Asia/Taipei")

    war = (day >= at[PRICE_WAR]) & (day < ends)
    stays = dict.fromkeys(lines.loc[war, "order_id"].unique())
    stays = {order: bool(random.random() < HALF) for order in stays}
    lines.loc[war, "amount"] = (lines.loc[war, "amount"] * 0.7).round(2)
    lines = lines[~war | lines["order_id"].map(stays).eq(True)]  # noqa: FBT003 - a value

    people = pd.read_parquet(data / "customers.parquet")
    lost = people.loc[people["region"] == "Taipei", "customer_id"]
    gone = (lines["event_time"] >= at[REGION_LOST]) & lines["customer_id"].isin(lost)
    lines = lines[~gone]

    products = pd.read_parquet(data / "products.parquet")
    robot = products.iloc[[0]].assign(
        product_id="PROBOT", name="House robot", brand="Roba", category="robots",
        category_2="house robots", category_3="house robot", list_price=18_000.0,
        unit_cost=12_000.0, launched_on=cutoff(NEW_CATEGORY - 1), withdrawn_on=None,
        family="robot", generation=1, version="1.0", attributes=None,
    )  # fmt: skip
    orders = lines[(lines["event_time"] >= at[NEW_CATEGORY]) & (lines["kind"] == "sale")]
    orders = orders.drop_duplicates("order_id")
    orders = orders[random.random(len(orders)) < QUARTER]
    added = orders.assign(
        line_id="R" + orders["line_id"], product_id="PROBOT", quantity=1.0, amount=18_000.0,
        discount=0.0, promotion_id=None,
    )  # fmt: skip
    pd.concat([lines, added], ignore_index=True).astype(lines.dtypes.to_dict()).to_parquet(
        data / "transactions.parquet"
    )
    pd.concat([products, robot.astype(products.dtypes.to_dict())], ignore_index=True).to_parquet(
        data / "products.parquet"
    )


def misdate(data: Path, seed: int) -> None:
    """Break a column upstream: nearly all sales of the newest month are dated 40 days early."""
    lines = pd.read_parquet(data / "transactions.parquet")
    begins = pd.Timestamp(cutoff(BROKEN_COLUMN - 1), tz="Asia/Taipei")
    wrong = (lines["event_time"] >= begins) & (
        np.random.default_rng(seed).random(len(lines)) < MISDATED
    )
    lines.loc[wrong, "event_time"] -= pd.Timedelta(days=40)
    lines.to_parquet(data / "transactions.parquet")


def live_state(folder: Path) -> dict[str, str] | None:
    """Return what is live to the byte: version, score set, and a digest of its files."""
    live = read_release(folder / "artifacts").models.get(MODEL)
    if live is None:
        return None
    files = score_set_folder(folder / "artifacts", MODEL, live.score_set)
    return {
        "version": live.version,
        "score_set": live.score_set,
        "files": folder_digest(files, patterns=("*.parquet",)),
    }


def roll_back(folder: Path, before: dict[str, str] | None) -> str:
    """Step back once; say whether just that is live which was live before this month."""
    changed = live_state(folder)
    step_back(folder / "artifacts", MODEL, at=datetime.now(UTC))
    same = live_state(folder) == before
    told = "those" if same else "NOT those"
    return (
        f"Month {BROKEN_COLUMN} had put score set {changed and changed['score_set']} live. After "
        f"one step back, version, score set and every byte of its files are {told} of the month "
        f"before ({before and before['score_set']})."
    )


def _quiet(seed: int, months: list[dict[str, Any]]) -> str:
    watched = months[1:]
    rang = [month for month in watched if month["begun"] or month["findings"]]
    figures = sum(month["figures"] for month in watched)
    alarms = sum(len(month["begun"]) for month in watched)
    which = "; ".join(
        f"month {month['number']}: {', '.join([*month['findings'], *month['begun']])}"
        for month in rang
    )
    refused = sum(bool(month["findings"]) for month in watched)
    asked = [month for month in watched if month["passed"] is not None]
    passed = sum(month["passed"] for month in asked)
    return (
        f"Quiet year, seed {seed}: data refused in {refused} of {len(watched)} months, {alarms} "
        f"alarms among {figures:,} figures ({1000 * alarms / figures:.2f} in a thousand)"
        + (f": {which}." if which else ".")
        + f" The gate let {passed} of {len(asked)} trainings pass."
    )


def _broken(seed: int, months: list[dict[str, Any]]) -> str:
    rows = [
        (
            str(month["number"]),
            str(month["as_of"]),
            BREAKS.get(month["number"], AFTER.get(month["number"], "")),
            "refused: " + "; ".join(month["findings"])[:300] if month["findings"] else "accepted",
            str(len(month["begun"])),
            _some(month["begun"]),
            "passed" if month["passed"] else "refused: " + "; ".join(month["refusals"])[:300],
            str(month["live"]),
        )
        for month in months[1:]
    ]
    columns = (
        "month", "cut-off", "planted", "data", "new alarms", "among them", "gate", "live version"
    )  # fmt: skip
    rolled = "".join(month["rolled"] for month in months)
    return f"Broken year, seed {seed}:\n\n{table(columns, rows)}\n\n{rolled}"


def _some(begun: list[str]) -> str:
    kinds: dict[str, list[str]] = {}
    for one in begun:
        kind, _, subject = one.rpartition(" ")
        kinds.setdefault(kind, []).append(subject)
    return "; ".join(
        f"{kind} {', '.join(found[:3])}" + (f" and {len(found) - 3} more" if found[3:] else "")
        for kind, found in kinds.items()
    )


def _plain(records: list[Any]) -> list[Any]:
    return [one.model_dump(mode="json") if isinstance(one, Record) else one for one in records]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--quiet",
        type=int,
        nargs="*",
        default=sized([32, 33], small=[32]),
        help="seeds of quiet years",
    )
    parser.add_argument(
        "--broken",
        type=int,
        default=sized(31, small=None),
        help="seed of the year with planted breaks",
    )
    parser.add_argument("--members", type=int, default=sized(2_000, small=1_000))
    parser.add_argument("--scratch", type=Path, default=PLACE, help="folder to live in")
    parser.add_argument(
        "--seconds", type=float, default=1e9, help="stop after so many; go on later"
    )
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
