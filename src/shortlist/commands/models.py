"""`shortlist models|promote|rollback`: what there is, what is live, and the way back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortlist.operations import now
from shortlist.verb import context_of

if TYPE_CHECKING:
    from pipeline.evaluation import Evaluation

ModelName = Annotated[str, typer.Argument(help="A model, such as customer_activity.")]


def models(ctx: typer.Context) -> None:
    """List every registered version: what the gate said of it, and which one is live.

    A version that a person has replaced, by rollback or by promoting another one, is withdrawn
    since then: no run makes it live again, `shortlist promote` does.

    Example: `shortlist models`
    """
    from rich.table import Table

    from pipeline.release import read_release
    from pipeline.versions import decision_of, evaluation_of, versions

    context = context_of(ctx)
    live = read_release(context.artifacts).models
    folders = sorted((context.artifacts / "versions").glob("*"))
    rows: list[dict[str, Any]] = []
    for name in (folder.name for folder in folders):
        for version in versions(context.artifacts, name):
            decision = decision_of(context.artifacts, name, version.number)
            withdrawn = live[name].withdrawn_versions if name in live else {}
            evaluation = evaluation_of(context.artifacts, name, version.number)
            rows.append(
                {
                    "model": name,
                    "version": version.number,
                    "live": name in live and live[name].version == version.number,
                    "withdrawn": (
                        withdrawn[version.number].isoformat(timespec="minutes")
                        if version.number in withdrawn
                        else None
                    ),
                    "gate": "not asked" if decision is None else _said(decision.passed),
                    "calibrated": decision is not None and decision.calibrated,
                    "tested_as_of": evaluation.as_of.isoformat(),
                    "roc_auc": _rounded(evaluation, "roc_auc"),
                    "log_loss": _rounded(evaluation, "log_loss"),
                }
            )
    table = Table(*(rows[0] if rows else {"no version yet; `shortlist run` trains one": ""}))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    context.console.print(table)
    context.answer(rows)


def promote(
    ctx: typer.Context,
    model: ModelName,
    *,
    version: Annotated[str, typer.Option(help="The registered version to make live.")],
    reason: Annotated[
        str, typer.Option(help="Why, if the gate refused it or was not asked; kept with it.")
    ] = "",
) -> None:
    """Score the newest snapshot with a version, and make that live.

    A version that the gate refused needs `--reason`, which is kept with the decision.

    Example: `shortlist promote customer_activity --version 2`
    """
    from pipeline.aliases import follow
    from pipeline.project import open_project
    from pipeline.publish import promote as make_live

    context = context_of(ctx)
    scored = make_live(
        open_project(context.folder), model, version, clock=now, reason=reason or None
    )
    follow(context.artifacts)
    context.console.print(
        f"{model}: version {version} is live, {scored.rows:,} customers scored as of {scored.as_of}"
    )
    context.answer({"model": model, "live": version, "score_set": scored.id})


def rollback(ctx: typer.Context, model: ModelName) -> None:
    """Make the previous release of a model live again, exactly as it was.

    What was live is withdrawn: the next run keeps away from it, and `shortlist promote` brings
    it back.

    Example: `shortlist rollback customer_activity`
    """
    from pipeline.aliases import follow
    from pipeline.release import step_back

    context = context_of(ctx)
    live = step_back(context.artifacts, model, at=now()).live(model)
    follow(context.artifacts)
    context.console.print(f"{model}: version {live.version} is live again ({live.score_set})")
    context.answer({"model": model, "live": live.version, "score_set": live.score_set})


def _rounded(evaluation: "Evaluation", measure: str) -> float | None:
    """Return a measure as it is shown; none where a kind of model is judged by others."""
    found = evaluation.measures.get(measure)
    return None if found is None else round(found.value, 4)


def _said(passed: bool) -> str:  # noqa: FBT001 - a word for a verdict
    return "passed" if passed else "refused"
