"""`shortlist demo`: the whole line on an invented retailer, in one command."""

from typing import TYPE_CHECKING, Annotated

import typer

from shortlist.commands.evaluate import measures_table
from shortlist.commands.run import report
from shortlist.operations import now, opened_state
from shortlist.verb import context_of

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.publish import Published
    from shortlist.context import Context

#: How many of the list's members are printed.
SHOWN = 10


def demo(
    ctx: typer.Context,
    members: Annotated[int, typer.Option(help="How many members to simulate.")] = 5_000,
    months: Annotated[int, typer.Option(help="For how many months they are watched.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed gives the same members.")] = 1,
    size: Annotated[int, typer.Option(help="Length of the list.")] = 1000,
) -> None:
    """Simulate a retailer, run every model on it, and print a ranked list.

    A model that the gate refuses is shown with what was found and expected: so few members
    cannot prove every model. Leaves nothing running. Everything it makes lies under
    `artifacts/`.

    Example: `shortlist demo --members 5000`
    """
    from pipeline.run import run

    context = context_of(ctx)
    data = _simulated(context, members=members, months=months, seed=seed)
    published = run(context.folder, clock=now, data=str(data))
    for name, one in published.items():
        _show(ctx, name, one, size=size)
    context.console.print(_NEXT)
    report(context, published)


def _simulated(context: "Context", *, members: int, months: int, seed: int) -> "Path":
    """Return the folder of the simulated tables; the same request is simulated once."""
    from pipeline.simulator.presets import PRESETS
    from pipeline.simulator.simulate import simulate

    folder = context.artifacts / "demo" / f"{members}-members-{months}-months-seed-{seed}"
    if not (folder / "truth" / "simulation.json").exists():
        with context.console.status(f"Simulating {members:,} members over {months} months"):
            simulate(PRESETS["retail"], members=members, months=months, seed=seed, to=folder)
    return folder


def _show(ctx: typer.Context, name: str, one: "Published", *, size: int) -> None:
    """Print a model's measures, and the best members of a list of its live version."""
    from rich.table import Table

    from campaigns.building import build_list
    from campaigns.desk import Desk
    from campaigns.list_spec import ListSpec
    from campaigns.members import read_members
    from pipeline.release import read_release
    from pipeline.versions import evaluation_of

    context = context_of(ctx)
    console = context.console
    console.print(measures_table(evaluation_of(context.artifacts, name, one.version.number)))
    if one.score_set is None:
        return
    spec = ListSpec(model=name, size=min(size, one.score_set.customers))
    with opened_state(ctx) as state, Desk(context.artifacts) as desk:
        release = read_release(context.artifacts)
        built = build_list(spec, release, desk=desk, state=state, at=now()).list
    best = read_members(context.artifacts, built.id, built.members, after=0, limit=SHOWN)
    table = Table(
        *best.column_names,
        title=f"The best {SHOWN} of {built.ledger.selected:,} customers for {name}",
        caption=f"{built.id}, as of {built.as_of}",
    )
    for row in best.to_pylist():
        table.add_row(*(f"{v:.4f}" if isinstance(v, float) else str(v) for v in row.values()))
    console.print(table)


_NEXT = """
[bold]What to try next[/bold]
  1. Serve it:       make serve, with a key from  .venv/bin/shortlist keys create
  2. Experiments:    .venv/bin/mlflow server --backend-store-uri sqlite:///artifacts/mlflow.db
  3. A notebook:     make lab
"""
