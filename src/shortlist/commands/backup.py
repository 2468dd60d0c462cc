"""`shortlist backup|restore`: the whole state of a project in one file."""

from pathlib import Path
from typing import Annotated

import typer

from shortlist.operations import now, serving_settings
from shortlist.verb import context_of


def backup(
    ctx: typer.Context,
    *,
    to: Annotated[Path, typer.Argument(metavar="TO", help="The file to write; must be new.")],
) -> None:
    """Write the whole state into one file: releases, versions, scores, lists, keys, tables.

    The file holds customers' data and is readable by you alone. A PostgreSQL state database
    and an MLflow server are not in it: they have backups of their own. Nor is DVC's cache,
    which the next run fills again.

    Example: `shortlist backup /backups/2026-11-01.tar`
    """
    from pipeline.backup import backup as write

    context = context_of(ctx)
    manifest = write(context.folder, to, at=now())
    if serving_settings(ctx).state_url:
        context.console.print("Keys and lists are in a database of their own: back it up too.")
    total = sum(file.bytes for file in manifest.files)
    context.console.print(f"{len(manifest.files):,} files, {total:,} bytes: {to}", soft_wrap=True)
    context.answer({"archive": str(to), "files": len(manifest.files), "bytes": total})


def restore(
    ctx: typer.Context,
    *,
    archive: Annotated[Path, typer.Argument(metavar="FROM", help="A file of `backup`.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of what is there now.")
    ] = False,
) -> None:
    """Put a project back as it was; every byte is checked before anything is touched.

    Example: `shortlist --project restored restore /backups/2026-11-01.tar`
    """
    from pipeline.backup import restore as put_back

    context = context_of(ctx)
    manifest = put_back(context.folder, archive, replace=replace)
    made = f"{manifest.created_at:%Y-%m-%d %H:%M %Z}"
    context.console.print(f"{context.folder} is as it was at {made}", soft_wrap=True)
    context.answer({"project": str(context.folder), "created_at": manifest.created_at})
