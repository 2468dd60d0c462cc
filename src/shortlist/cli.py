"""The `shortlist` command: what a person types.

An error that we defined ourselves speaks to whoever typed the command, and is printed as it
is. A full disk is told of as well. Any other error is a defect of ours: it says so, and
`SHORTLIST_DEBUG=1` shows where.
"""

import os
import sys

import typer

from pipeline.disk_full import MAKE_ROOM, NO_ROOM, is_disk_full
from shortlist.commands.audit import audit
from shortlist.commands.backup import backup, restore
from shortlist.commands.buyers import buyers, next_
from shortlist.commands.campaigns import campaigns
from shortlist.commands.companions import companions
from shortlist.commands.db import db
from shortlist.commands.demo import demo
from shortlist.commands.doctor import doctor
from shortlist.commands.due import due
from shortlist.commands.effect import effect
from shortlist.commands.evaluate import evaluate
from shortlist.commands.features import features
from shortlist.commands.forget import forget
from shortlist.commands.gc import gc
from shortlist.commands.import_ import import_
from shortlist.commands.keys import keys
from shortlist.commands.list_ import list_
from shortlist.commands.models import models, promote, rollback
from shortlist.commands.monitor import monitor
from shortlist.commands.retrain import retrain
from shortlist.commands.run import run
from shortlist.commands.serve import serve
from shortlist.commands.simulate import simulate
from shortlist.commands.trace import trace
from shortlist.commands.train import train, tune
from shortlist.commands.validate import validate
from shortlist.commands.webhooks import webhooks
from shortlist.verb import group, verb

OUR_PACKAGES = {"features", "models", "pipeline", "campaigns", "serving", "shortlist"}

app = group("Ranked target lists from a retailer's own tables, and proof of what offers changed.")
app.command()(verb(demo))
app.command()(verb(simulate))
app.add_typer(import_, name="import")
app.command()(verb(validate))
app.command()(verb(run))
app.command()(verb(retrain))
app.command()(verb(train))
app.command()(verb(tune))
app.command()(verb(evaluate))
app.command()(verb(monitor))
app.command()(verb(buyers))
app.command("next")(verb(next_))
app.command()(verb(effect))
app.command()(verb(companions))
app.command()(verb(due))
app.command()(verb(models))
app.command()(verb(promote))
app.command()(verb(rollback))
app.command()(verb(trace))
app.command()(verb(forget))
app.command()(verb(serve))
app.command()(verb(audit))
app.command()(verb(doctor))
app.command()(verb(gc))
app.command()(verb(backup))
app.command()(verb(restore))
app.add_typer(list_, name="list")
app.add_typer(campaigns, name="campaigns")
app.add_typer(features, name="features")
app.add_typer(keys, name="keys")
app.add_typer(webhooks, name="webhooks")
app.add_typer(db, name="db")


def main() -> None:
    """Run the command line; exit with 0, or with the code that the error names."""
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last place where an error can be explained
        code = _explain(error)
        if code == NO_ROOM:
            # A thread of a library that was still writing can abort the interpreter on its way
            # out, which would replace the code; all that is ours is closed by now.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)
        sys.exit(code)


def _explain(error: Exception) -> int:
    """Print what went wrong; return the exit code.

    Raises
    ------
    Exception
        The error itself, where `SHORTLIST_DEBUG` asks for its traceback.
    """
    if os.environ.get("SHORTLIST_DEBUG"):
        raise error
    if is_disk_full(error):
        typer.secho(f"shortlist: {MAKE_ROOM}", err=True, fg="red")
        return NO_ROOM
    if type(error).__module__.partition(".")[0] in OUR_PACKAGES:
        typer.secho(f"shortlist: {error}", err=True, fg="red")
        return int(getattr(error, "exit_code", 1))
    typer.secho(
        f"shortlist: {type(error).__name__}: {error}\n"
        "This is a defect of ours. Run the command again with SHORTLIST_DEBUG=1 to see where, "
        "and please report it.",
        err=True,
        fg="red",
    )
    return 70
