"""`shortlist simulate`: a retailer whose truth is known."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from shortlist.verb import context_of


class UnknownPresetError(ValueError):
    """There is no retailer of that name."""


class NotADateError(ValueError):
    """A text is not a day."""


def simulate(
    ctx: typer.Context,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write; replaced as a whole.")],
    *,
    preset: Annotated[
        str, typer.Option(metavar="NAME", help="Which retailer: retail, software or refill.")
    ] = "retail",
    members: Annotated[int, typer.Option(help="How many members.")] = 20_000,
    months: Annotated[int, typer.Option(help="For how many months they are watched.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 1,
    until: Annotated[
        str, typer.Option(metavar="DATE", help="First day after the end.")
    ] = "2026-11-01",
    pace: Annotated[
        float, typer.Option(min=0.1, max=10, help="How much more often members come.")
    ] = 1.0,
    same_effect: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=0.2,
            metavar="SHARE",
            help="Let every campaign add this to everybody's chance of a visit.",
        ),
    ] = None,
    leak: Annotated[
        bool,
        typer.Option("--leak", help="Let customers.income_band know who will take the card."),
    ] = False,
) -> None:
    """Write the tables of an invented retailer, and in DIR/truth what is true of it.

    With it you can try everything without data of your own, and judge a model by the
    probabilities and effects that nobody knows in real life. `docs/simulator.md` says what
    is true and how hard it is to find.

    Example: `shortlist simulate --members 5000 --months 24 --to data/demo`
    """
    # Imported here: NumPy and Arrow take a second that `--help` must not pay.
    from rich.progress import Progress

    from pipeline.simulator.presets import PRESETS
    from pipeline.simulator.simulate import simulate as write

    if preset not in PRESETS:
        raise UnknownPresetError(
            f"there is no preset {preset!r}. Take one of {', '.join(sorted(PRESETS))}."
        )
    context = context_of(ctx)
    with Progress(console=context.console, transient=True) as bar:
        task = bar.add_task("Members", total=members)
        retailer = PRESETS[preset].at_pace(pace)
        if same_effect is not None:
            retailer = retailer.with_same_effect(same_effect)
        written = write(
            retailer,
            members=members,
            months=months,
            seed=seed,
            to=to,
            until=_day(until),
            leak=leak,
            progress=lambda done: bar.update(task, completed=done),
        )
    context.answer({"folder": str(written.folder), "rows": written.rows})
    for name, rows in written.rows.items():
        context.console.print(f"{rows:>12,}  {name}", highlight=False)
    context.console.print(
        f"\nWritten to {to}. Next: shortlist validate {to}, or shortlist run --data {to}"
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotADateError(f"--until is {text!r}; write a day as YYYY-MM-DD.") from None
