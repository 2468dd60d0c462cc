"""The way in from a notebook: `from shortlist import project`.

Examples
--------
>>> from shortlist import project
>>> project.open("nowhere")
Traceback (most recent call last):
...
shortlist.project.NoProjectError: nowhere is no project: it has no artifacts/run.yaml. Run
`make demo`, or `project.demo(FOLDER)`, or `shortlist run --data DIR` there.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shortlist.workbench import Workbench

#: Names the project that notebooks open where they name none.
VARIABLE = "SHORTLIST_PROJECT"
_RUN = Path("artifacts", "run.yaml")


class NoProjectError(ValueError):
    """There is no project where one was looked for."""


def open(folder: str | Path | None = None) -> "Workbench":  # noqa: A001 - project.open() reads well
    """Open a project that has run at least once.

    Parameters
    ----------
    folder : str or Path, optional
        The project. By default `SHORTLIST_PROJECT`, or the nearest folder upwards of the
        current one that has run.

    Raises
    ------
    NoProjectError
        If there is none.
    """
    from shortlist.workbench import Workbench

    found = Path(folder) if folder is not None else _nearest()
    if not (found / _RUN).exists():
        raise NoProjectError(
            f"{found} is no project: it has no {_RUN}. Run `make demo`, or "
            "`project.demo(FOLDER)`, or `shortlist run --data DIR` there."
        )
    return Workbench(found.resolve())


def demo(
    folder: str | Path, *, members: int = 3_000, months: int = 36, seed: int = 1
) -> "Workbench":
    """Simulate a retailer, run every model on it, and open the project; done before, it is kept.

    Parameters
    ----------
    folder : str or Path
        Where the project lies, or shall lie.
    members, months, seed : int
        How many members, for how long; the same seed gives the same members.
    """
    folder = Path(folder)
    if not (folder / "artifacts" / "release.json").exists():
        from pipeline.run import run
        from pipeline.simulator.presets import PRESETS
        from pipeline.simulator.simulate import simulate
        from shortlist.operations import now

        data = folder / "artifacts" / "demo" / f"{members}-members-{months}-months-seed-{seed}"
        if not (data / "truth" / "simulation.json").exists():
            simulate(PRESETS["retail"], members=members, months=months, seed=seed, to=data)
        run(folder, clock=now, data=str(data))
    return open(folder)


def _nearest() -> Path:
    if named := os.environ.get(VARIABLE):
        return Path(named)
    here = Path.cwd()
    return next((one for one in (here, *here.parents) if (one / _RUN).exists()), here)
