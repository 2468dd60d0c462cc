"""`shortlist run`: from tables to a released score set."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.exit_codes import ExitCode
from shortlist.operations import now
from shortlist.options import AsOf, Data, Overrides, read_day, read_overrides
from shortlist.verb import context_of

if TYPE_CHECKING:
    from pipeline.publish import Published
    from shortlist.context import Context


class Engine(StrEnum):
    """What computes snapshots and scores."""

    duckdb = "duckdb"
    spark = "spark"


def run(
    ctx: typer.Context,
    data: Data = None,
    as_of: AsOf = None,
    overrides: Overrides = None,
    engine: Annotated[
        Engine | None,
        typer.Option(
            help="What computes snapshots and scores: DuckDB on this machine (the default), or "
            "Spark. The same as `--set snapshots.engine=spark`; see docs/scale.md."
        ),
    ] = None,
) -> None:
    """Turn tables into snapshots, models and a released score set.

    Nothing that is up to date is done again. A folder without a project becomes one.

    Exit codes: 0 released, 1 an error, 4 the gate refused a model (what was live before stays
    live and has scored the new snapshot), 5 data refused, 7 another run is under way.

    Example: `shortlist run --data data/online-retail --as-of 2011-11-30`
    """
    from pipeline.run import run as run_project

    context = context_of(ctx)
    published = run_project(
        context.folder,
        clock=now,
        data=data,
        as_of=read_day(as_of),
        overrides=read_overrides(overrides)
        | ({"snapshots.engine": engine.value} if engine else {}),
    )
    report(context, published)
    if not all(one.decision.passed for one in published.values()):
        raise typer.Exit(ExitCode.GATE_REFUSED)


def report(context: "Context", published: "dict[str, Published]") -> None:
    """Say what became of each model."""
    console = context.console
    for name, one in published.items():
        number, decision = one.version.number, one.decision
        if one.score_set is None:
            console.print(
                f"[red]{name}: nothing is live.[/red] To use version {number} all the same: "
                f"shortlist promote {name} --version {number} --reason WHY"
            )
        else:
            console.print(
                f"{name}: version {one.live} is live, {one.score_set.customers:,} customers scored "
                f"as of {one.score_set.as_of}"
            )
        if one.withdrawn:
            better = number if decision.passed else one.live
            console.print(
                f"newer scores of version {better} were withdrawn by hand. To use them all the "
                f"same: shortlist promote {name} --version {better}"
            )
        if not decision.calibrated:
            console.print(
                f"version {number} is not calibrated: use its order, not its level "
                f"(shortlist evaluate {name})"
            )
        if not decision.passed:
            console.print(f"[red]the gate refused version {number}:[/red]")
            for refusal in decision.refusals():
                console.print(f"  {refusal}")
    context.answer({name: document(one) for name, one in published.items()})


def document(one: "Published") -> dict[str, Any]:
    """Return what became of a model, for a program."""
    return {
        "version": one.version.number,
        "live": one.live,
        "score_set": one.score_set.id if one.score_set else None,
        "as_of": one.score_set.as_of if one.score_set else None,
        "rows": one.score_set.rows if one.score_set else None,
        "withdrawn": one.withdrawn,
        "decision": one.decision.model_dump(mode="json"),
    }
