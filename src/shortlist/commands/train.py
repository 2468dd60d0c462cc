"""`shortlist train|tune MODEL`: experiments, which change nothing that is live."""

from typing import Annotated

import typer

from shortlist.commands.evaluate import measures_table, print_alarms
from shortlist.operations import now
from shortlist.options import AsOf, Data, Overrides, read_day, read_overrides
from shortlist.verb import context_of

ModelName = Annotated[str, typer.Argument(help="A model, such as card_uptake.")]


def train(
    ctx: typer.Context,
    model: ModelName,
    *,
    data: Data = None,
    as_of: AsOf = None,
    overrides: Overrides = None,
) -> None:
    """Train, evaluate and register one model; what is live stays live.

    Stages that are up to date are not run again. `shortlist promote` makes the version live;
    `shortlist run` lets the gate decide.

    Example: `shortlist train card_uptake --set models.card_uptake.learner.leaves=7`
    """
    from pipeline.run import train as train_model
    from pipeline.versions import evaluation_of

    context = context_of(ctx)
    version = train_model(
        context.folder,
        model,
        clock=now,
        data=data,
        as_of=read_day(as_of),
        overrides=read_overrides(overrides),
    )
    evaluation = evaluation_of(context.artifacts, model, version.number)
    context.console.print(measures_table(evaluation))
    print_alarms(context, evaluation)
    context.answer({**version.model_dump(mode="json"), **evaluation.model_dump(mode="json")})


def tune(
    ctx: typer.Context,
    model: ModelName,
    *,
    trials: Annotated[int, typer.Option(min=1, help="How many trials there shall be in all.")] = 50,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Begin no trial after so many minutes.")
    ] = None,
) -> None:
    """Look for better parameters of a model's learner; the next run trains with them.

    Works on the snapshots of the last run: learns from the training snapshots, judges by log
    loss on the later tuning snapshot. Trials are kept as they end, so that an interrupted
    search goes on where it stopped. Delete `artifacts/tuning/MODEL` to forget what was found.

    Example: `shortlist tune card_uptake --trials 30`
    """
    from rich.progress import Progress

    from pipeline.project import open_project
    from pipeline.tune import tune as look

    context = context_of(ctx)
    project = open_project(context.folder)
    with Progress(console=context.console) as shown:
        task = shown.add_task(f"{model}: trials", total=trials)
        found = look(
            project,
            model,
            trials=trials,
            timeout_s=None if minutes is None else 60 * minutes,
            progress=lambda done, best: shown.update(
                task, completed=done, description=f"{model}: log loss {best:.5f}"
            ),
        )
    context.console.print(
        f"{model}: {found.trials} trials and {found.pruned} given up early; log loss on the tuning "
        f"snapshot of {found.as_of} {found.log_loss:.5f}, declared parameters "
        f"{found.declared_log_loss:.5f}"
    )
    for name, value in found.parameters.items():
        context.console.print(f"  {name}: {value:.4g}")
    if not found.parameters:
        context.console.print("no trial was better: the declared parameters stay")
    context.answer(found.model_dump(mode="json"))
