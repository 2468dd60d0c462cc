"""A verb takes `--project` and `--json`, before or after its name."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from shortlist.context import Context

Project = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="Project folder; the current one by default."),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Answer with one JSON document on stdout, all else on stderr."),
]


def settle(ctx: typer.Context, project: Project = None, *, as_json: AsJson = False) -> None:
    """Note what was asked for in the one context that the whole call shares."""
    shared = context_of(ctx)
    if project is not None:
        shared.folder = project
    shared.json = shared.json or as_json


def context_of(ctx: typer.Context) -> Context:
    """Return the one context that the whole call shares."""
    found: Context = ctx.find_root().ensure_object(Context)
    ctx.obj = found
    return found


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the two options; its first parameter is the `typer.Context`."""
    own = inspect.signature(function, eval_str=True).parameters.values()
    common = [
        inspect.Parameter(
            "project", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Project
        ),
        inspect.Parameter(
            "as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=AsJson
        ),
    ]

    @functools.wraps(function)
    def command(ctx: typer.Context, *, project: Path | None, as_json: bool, **own: Any) -> None:
        settle(ctx, project, as_json=as_json)
        function(ctx, **own)

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + common
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # for Typer
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def group(help_text: str) -> typer.Typer:
    """Return a group of verbs that teaches when it is called without one."""
    made = typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
    )
    made.callback()(settle)
    return made
