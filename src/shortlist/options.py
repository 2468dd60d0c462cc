"""What `run`, `train` and `retrain` may be told alike, and how it is read."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import typer
import yaml

from pipeline.exit_codes import ExitCode

Data = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="Tables: a folder of Parquet or CSV, a DuckDB file or a PostgreSQL URL. "
        "Those of the last run by default.",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="Scoring cut-off, such as 2026-06-30: nothing known on or after it is seen. "
        "The day after the newest row by default.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="A value that stands above params.yaml for this run; may be repeated.",
    ),
]


class OptionError(ValueError):
    """An option cannot be read."""

    exit_code = ExitCode.UNUSABLE


def read_day(text: str | None) -> date | None:
    """Read a day such as 2026-06-30, if there is one.

    Raises
    ------
    OptionError
        If it is none.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise OptionError(f"--as-of {text} is no day. Write it as 2026-06-30.") from error


def read_overrides(given: Sequence[str] | None) -> dict[str, Any]:
    """Read each `gate.list_size=500` as a dotted name and a YAML value.

    Raises
    ------
    OptionError
        If one has no value.
    """
    return dict(_setting(one) for one in given or ())


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OptionError(f"--set {text} has no value. Write it as gate.list_size=500.")
    return name, yaml.safe_load(value)
