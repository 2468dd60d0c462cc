"""Be alone with a project: no run is under way, and no stage of one that was killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.exit_codes import ExitCode
from pipeline.lock import LockedError, exclusive

#: Under the artefacts; held while a project is run, tidied up, backed up or restored.
RUN_LOCK = ".run.lock"

#: Held by the stage at work. Where the run that started it is killed alone, the stage goes
#: on, and would write its old result over that of the next run.
STAGE_LOCK = ".stage.lock"


class BusyError(ValueError):
    """A run of the project is under way."""

    exit_code = ExitCode.BUSY


@contextmanager
def alone(artifacts: Path) -> Iterator[None]:
    """Keep runs away for the length of the block.

    Raises
    ------
    BusyError
        If one is under way.
    """
    try:
        with (
            exclusive(artifacts / RUN_LOCK, timeout_s=0),
            exclusive(artifacts / STAGE_LOCK, timeout_s=0),
        ):
            yield
    except LockedError as error:
        raise BusyError(
            "a run of this project is under way. Let it finish, and try again."
        ) from error
