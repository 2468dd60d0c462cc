"""How a stage ends: quietly, or with a message that whoever started the run gets to read."""

import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from pipeline.alone import STAGE_LOCK
from pipeline.disk_full import NO_ROOM, is_disk_full
from pipeline.durable import write_json
from pipeline.lock import exclusive

#: Where a stage that failed leaves its message for the run that started it.
FAILURE = "failure.json"

OUR_PACKAGES = ("features.", "models.", "pipeline.")


def run_stage(stage: Callable[[], object], *, folder: Path = Path()) -> None:
    """Run a stage; if one of our own errors ends it, leave the message and the exit code.

    A full disk ends it with a code of its own. Any other exception is a defect and is raised
    as it is.
    """
    try:
        with exclusive(folder / "artifacts" / STAGE_LOCK):
            stage()
    except Exception as error:
        if is_disk_full(error):
            sys.exit(NO_ROOM)
        if not f"{type(error).__module__}.".startswith((*OUR_PACKAGES, "__main__.")):
            raise
        code = int(getattr(error, "exit_code", 1))
        write_json(folder / "artifacts" / FAILURE, {"message": str(error), "exit_code": code})
        Console(stderr=True, highlight=False).print(f"[red]{escape(str(error))}")
        sys.exit(code)
