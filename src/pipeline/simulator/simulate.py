"""Simulate a retailer and its truth, block by block, into a folder of Parquet files."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from features import tables
from pipeline.durable import whole_folder, write_json
from pipeline.simulator import truth_activity
from pipeline.simulator.calendar import months_before
from pipeline.simulator.campaigns import campaigns_table
from pipeline.simulator.lives import live
from pipeline.simulator.preset import Preset
from pipeline.simulator.storage import TableWriter
from pipeline.simulator.tables_of_block import write_tables
from pipeline.simulator.truth import TRUTH_TABLES, write_plans, write_truth
from pipeline.simulator.world import build_world

#: The period ends here unless another day is asked for: never at the clock's today.
UNTIL = date(2026, 11, 1)
#: Members who are simulated at once: memory grows with it.
BLOCK_MEMBERS = 20_000
#: Days before the end at which the truth is stated: now, and where models are tested.
TRUTH_DAYS_BEFORE_END = (0, 90, 97, 180, 194)
#: Members whose probability is stated for every product; every n-th where there are more.
PAIR_MEMBERS = 2_000
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
    pair_members: int = PAIR_MEMBERS,
    leak: bool = False,
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
        A folder that does not exist yet, is empty, or was written by an earlier simulation.
        It appears whole, or not at all.
    until : date
        First local day after the end.
    cutoffs : sequence of date, optional
        Local days at whose beginning the truth is stated; where nothing is said, the end and
        90, 97, 180 and 194 days before it.
    pair_members : int
        For how many members the truth states the probability of every single product, at
        the cut-off 90 days before the end. They are spread over all blocks.
    leak : bool
        Let `customers.income_band` know who will take the card.
    progress : callable, optional
        Told how many members are done, after each block.

    Raises
    ------
    SimulationError
        If a number is out of range or the folder holds something else.
    """
    _check(members, months, to)
    start = months_before(until, months)
    world = build_world(preset, members=members, start=start, until=until, seed=seed)
    if cutoffs is None:
        cutoffs = [until - timedelta(days) for days in TRUTH_DAYS_BEFORE_END]
    stated = sorted(day for day in cutoffs if start < day <= until)
    every = max(members // max(pair_members, 1), 1) if pair_members else 0

    with whole_folder(to) as draft, TableWriter(draft) as writer:
        writer.add("products", world.catalogue.table, tables.Products)
        if world.outlets is not None:
            writer.add("stores", world.outlets.stores, tables.Stores)
            writer.add("salespeople", world.outlets.salespeople, tables.Salespeople)
        if len(world.promotions):
            writer.add("promotions", world.promotions.table, tables.Promotions)
        if preset.campaigns is not None and world.campaign_starts:
            planned = campaigns_table(preset.campaigns, world.campaign_starts, world.moments)
            writer.add("campaigns", planned, tables.Campaigns)
        for block, first in enumerate(range(0, members, BLOCK_MEMBERS)):
            count = min(BLOCK_MEMBERS, members - first)
            lives = live(world, first=first, count=count, block=block)
            planted = write_tables(writer, world, lives, leak=leak)
            write_truth(writer, world, lives, planted, cutoffs=stated, pairs_every=every)
            if progress is not None:
                progress(first + count)
        write_plans(writer, world)
        rows = dict(writer.rows)
        write_json(
            draft / "truth" / "simulation.json",
            {
                "preset": preset.name,
                "members": members,
                "months": months,
                "seed": seed,
                "leak": "customers.income_band" if leak else None,
                **_same_effect(preset),
                "start": start,
                "until": until,
                "cutoffs": stated,
                "activity_horizon_days": truth_activity.HORIZON_DAYS,
                "rows": rows,
                "tables": {name: text for name, text in TRUTH_TABLES.items() if name in rows},
            },
        )
    return Simulated(to, rows)


def _same_effect(preset: Preset) -> dict[str, float]:
    rules = preset.campaigns
    if rules is None or rules.same_effect is None:
        return {}
    return {"same_effect": rules.same_effect}


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
