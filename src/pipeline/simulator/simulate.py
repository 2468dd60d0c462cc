"""Simulate a retailer and its truth, block by block, into a folder of Parquet files."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from features import tables
from pipeline.durable import whole_folder, write_json
from pipeline.simulator.baskets import fill_baskets
from pipeline.simulator.calendar import calendar as build_calendar
from pipeline.simulator.calendar import months_before
from pipeline.simulator.catalogue import build_catalogue
from pipeline.simulator.clock import Clock
from pipeline.simulator.demand import build_demand
from pipeline.simulator.editions import Editions
from pipeline.simulator.members import draw_members
from pipeline.simulator.moments import Moments
from pipeline.simulator.outlets import build_outlets
from pipeline.simulator.people import customers_table
from pipeline.simulator.permissions import consents_table
from pipeline.simulator.preset import Preset
from pipeline.simulator.receipts import Receipts
from pipeline.simulator.shopping import shop
from pipeline.simulator.storage import TableWriter
from pipeline.simulator.truth_activity import HORIZON_DAYS, activity_truth

#: The period ends here unless another day is asked for: never at the clock's today.
UNTIL = date(2026, 11, 1)
#: Members who are simulated at once; memory grows with it, the world does not change.
BLOCK_MEMBERS = 20_000
#: Days before the end at which the truth is stated: now, and where models are tested.
TRUTH_DAYS_BEFORE_END = (0, 90, 97, 180, 194)
LONGEST_MONTHS = 240


class SimulationError(ValueError):
    """The simulation cannot be run as asked."""


class Simulated(NamedTuple):
    """What was written: the rows of each file, by its path without `.parquet`."""

    folder: Path
    rows: dict[str, int]


def simulate(
    preset: Preset,
    *,
    members: int,
    months: int,
    seed: int,
    to: Path,
    until: date = UNTIL,
    cutoffs: Sequence[date] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Simulated:
    """Write a simulated retailer's tables to a folder, and what is true to its `truth`.

    Parameters
    ----------
    preset : Preset
        The kind of retailer.
    members, months : int
        How many members, and for how long they are watched.
    seed : int
        The same seed gives the same bytes. Each table draws from a stream of its own.
    to : Path
        A folder that does not exist yet, or that an earlier simulation wrote. It appears
        whole, or not at all.
    until : date
        First local day after the end.
    cutoffs : sequence of date, optional
        Local days at whose beginning the truth is stated; the end, and 90, 97, 180 and 194
        days before it, where nothing is said.
    progress : callable, optional
        Told how many members are done, after each block.

    Raises
    ------
    SimulationError
        If a number is out of range or the folder holds something else.
    """
    _check(members, months, to)
    start = months_before(until, months)
    days = build_calendar(start, until, preset.country_holidays)
    catalogue = build_catalogue(preset, days, seed)
    outlets = build_outlets(preset, days, members, seed)
    demand = build_demand(preset, days, catalogue)
    clock, moments = Clock(preset, days), Moments(preset, days)
    receipts = Receipts(
        preset,
        catalogue=catalogue,
        outlets=outlets,
        editions=Editions(preset, catalogue),
        moments=moments,
        days=days.days,
    )
    if cutoffs is None:
        cutoffs = sorted(until - timedelta(d) for d in TRUTH_DAYS_BEFORE_END)
    cutoffs = [day for day in cutoffs if start < day <= until]

    with whole_folder(to) as draft, TableWriter(draft) as writer:
        writer.add("products", catalogue.table, tables.Products)
        if outlets is not None:
            writer.add("stores", outlets.stores, tables.Stores)
            writer.add("salespeople", outlets.salespeople, tables.Salespeople)
        for block, first in enumerate(range(0, members, BLOCK_MEMBERS)):
            count = min(BLOCK_MEMBERS, members - first)
            people = draw_members(
                preset,
                days,
                None if outlets is None else outlets.first_in_city,
                None if outlets is None else outlets.count_in_city,
                first=first,
                count=count,
                seed=seed,
                block=block,
            )
            shopping = shop(preset, days, demand, clock, people, seed=seed, block=block)
            baskets = fill_baskets(preset, shopping, seed=seed, block=block)
            writer.add(
                "customers",
                customers_table(preset, days, people, seed=seed, block=block),
                tables.Customers,
            )
            writer.add(
                "transactions",
                receipts.write(people, baskets, seed=seed, block=block),
                tables.Transactions,
            )
            writer.add(
                "consents",
                consents_table(preset, moments, days.days, people, seed=seed, block=block),
                tables.Consents,
            )
            for day in cutoffs:
                truth = activity_truth(preset, people, shopping, days.day_of(day))
                writer.add("truth/activity", _stated(truth, day))
            if progress is not None:
                progress(first + count)
        write_json(
            draft / "truth" / "simulation.json",
            {
                "preset": preset.name,
                "members": members,
                "months": months,
                "seed": seed,
                "start": start,
                "until": until,
                "cutoffs": cutoffs,
                "horizon_days": HORIZON_DAYS,
                "rows": writer.rows,
            },
        )
        rows = dict(writer.rows)
    return Simulated(to, rows)


def _stated(truth: pa.Table, day: date) -> pa.Table:
    return truth.add_column(1, "as_of", pa.array(np.full(truth.num_rows, np.datetime64(day))))


def _check(members: int, months: int, to: Path) -> None:
    if members < 1:
        raise SimulationError(f"members is {members}; ask for at least 1.")
    if not 1 <= months <= LONGEST_MONTHS:
        raise SimulationError(f"months is {months}; ask for 1 to {LONGEST_MONTHS}.")
    if to.exists() and not to.is_dir():
        raise SimulationError(f"{to} is a file; name a folder that may be created.")
    if to.exists() and any(to.iterdir()) and not (to / "truth" / "simulation.json").exists():
        raise SimulationError(
            f"{to} holds files that no simulation wrote, and would be replaced as a whole. "
            "Name another folder, or empty this one."
        )
