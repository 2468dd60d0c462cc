"""`shortlist evaluate`: what the untouched test rows said about a model."""

from typing import TYPE_CHECKING, Annotated

import typer

from shortlist.verb import context_of

if TYPE_CHECKING:
    from rich.table import Table

    from pipeline.evaluation import Evaluation, Figure
    from shortlist.context import Context


def evaluate(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(help="A model, such as customer_activity.")],
    version: Annotated[
        str | None, typer.Option(help="A registered version; the newest by default.")
    ] = None,
) -> None:
    """Print the stored test evaluation of a model: measures with intervals, baselines beside.

    Example: `shortlist evaluate customer_activity --json`
    """
    from pipeline.evaluation import NoEvaluationError
    from pipeline.versions import evaluation_of, version_folder, versions

    context = context_of(ctx)
    known = versions(context.artifacts, model)
    if version is None and not known:
        raise NoEvaluationError(f"{model} has no version yet. `shortlist run` trains one.")
    number = version or known[-1].number
    found = evaluation_of(context.artifacts, model, number)
    context.console.print(measures_table(found))
    print_alarms(context, found)
    for title, name in (("Report", "report.html"), ("Model card", "model_card.md")):
        path = version_folder(context.artifacts, model, number) / name
        if path.exists():
            context.console.print(f"{title}: {path}", soft_wrap=True)
    context.answer(found.model_dump(mode="json"))


def print_alarms(context: "Context", evaluation: "Evaluation") -> None:
    """Say whether the leak checks passed, and name what made one of them ring."""
    ringing = [alarm for alarm in evaluation.alarms if alarm.rings]
    for alarm in ringing:
        context.console.print(
            f"[red]{alarm.title()}: {alarm.found:.4g}, expected {alarm.expected}[/red]",
            soft_wrap=True,
        )
    if evaluation.alarms and not ringing:
        context.console.print(f"All {len(evaluation.alarms)} leak checks passed.")


def measures_table(evaluation: "Evaluation") -> "Table":
    """Return measures as rows, the model and its baselines as columns."""
    from rich.table import Table

    table = Table(
        title=f"{evaluation.model} {evaluation.version or ''}: {evaluation.rows:,} rows as of "
        f"{evaluation.as_of}, {evaluation.positives:,} with the outcome",
        caption=f"{evaluation.level:.0%} intervals, bootstrap by customer; list of "
        f"{evaluation.list_size:,}",
    )
    table.add_column("measure")
    sides = {"model": evaluation.measures, **evaluation.baselines}
    for side in sides:
        table.add_column(side, justify="right")
    for name in evaluation.measures:
        cells = (sides[side].get(name) for side in sides)
        table.add_row(name, *map(_cell, cells))
    for name, one in evaluation.auxiliary.items():
        table.add_row(f"roc_auc of {name} ({one.positives:,})", _cell(one.roc_auc))
    return table


def _cell(figure: "Figure | None") -> str:
    if figure is None:
        return ""
    return f"{figure.value:.4f} [{figure.low:.4f}, {figure.high:.4f}]"
