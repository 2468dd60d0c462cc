"""When a model is due: once in each day, ISO week or calendar month of the scoring cut-off."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from models.definition import Cadence
from pipeline.params import RetrainParams
from pipeline.project import find_model, trained_folder
from pipeline.release import Release
from pipeline.score_set import read_score_set
from pipeline.versions import decision_of, training_of, versions

_PERIOD = {"daily": "day", "weekly": "week", "monthly": "month"}


class Due(NamedTuple):
    """What is to be done with a model.

    Attributes
    ----------
    train, rescore : bool
        Whether it is trained anew; whether else what is live scores the newest data.
    why : str
        The reason, in a sentence.
    missed : int
        Trainings that fell out since the last; one training makes up for all.
    laid_from : date, optional
        Scoring cut-off of its last training; none before the first.
    """

    train: bool
    rescore: bool
    why: str
    missed: int = 0
    laid_from: date | None = None


def periods_between(earlier: date, later: date, cadence: Cadence) -> int:
    """Return how many days, ISO weeks or calendar months lie between two days; 0 within one.

    Examples
    --------
    >>> periods_between(date(2026, 1, 31), date(2026, 2, 1), "monthly")
    1
    >>> periods_between(date(2026, 2, 1), date(2026, 1, 31), "weekly")
    0
    """
    return max(0, _number(later, cadence) - _number(earlier, cadence))


def _number(day: date, cadence: Cadence) -> int:
    if cadence == "monthly":
        return 12 * day.year + day.month
    return day.toordinal() if cadence == "daily" else (day.toordinal() - 1) // 7


def due(
    as_of: date, *, cadence: Cadence, rescore: Cadence, trained: date | None, scored: date | None
) -> Due:
    """Return what is due of a model.

    Parameters
    ----------
    as_of : date
        Scoring cut-off of the newest data.
    cadence, rescore : str
        How often it is trained; how often at least it is scored.
    trained, scored : date, optional
        Scoring cut-off of the last training that the gate has judged; that of what is live.

    Examples
    --------
    >>> due(date(2026, 3, 2), cadence="monthly", rescore="daily", trained=date(2026, 1, 1),
    ...     scored=date(2026, 3, 1)).why
    'last trained as of 2026-01-01, 2 months before: one training makes up for all'
    """
    if trained is None:
        return Due(train=True, rescore=False, why="never trained")
    behind = periods_between(trained, as_of, cadence)
    if behind:
        many = "" if behind == 1 else "s"
        more = "" if behind == 1 else ": one training makes up for all"
        why = f"last trained as of {trained}, {behind} {_PERIOD[cadence]}{many} before{more}"
        return Due(train=True, rescore=False, why=why, missed=behind - 1, laid_from=trained)
    known = f"trained as of {trained}, and due once a {_PERIOD[cadence]}"
    if scored is None:
        return Due(train=False, rescore=False, why=f"{known}; nothing is live", laid_from=trained)
    if rescore == "daily" or periods_between(scored, as_of, rescore):
        return Due(train=False, rescore=True, why=f"{known}; scores are renewed", laid_from=trained)
    why = f"{known}; scored as of {scored}, and due once a {_PERIOD[rescore]}"
    return Due(train=False, rescore=False, why=why, laid_from=trained)


def due_models(
    artifacts: Path, names: Mapping[str, object], *, params: RetrainParams, as_of: date,
    release: Release,
) -> dict[str, Due]:  # fmt: skip
    """Return what is due of each model of a project; see `due`."""
    return {
        name: due(
            as_of,
            cadence=params.cadence.get(name, find_model(name).cadence),
            rescore=params.rescore,
            trained=_last_judged(artifacts, name),
            scored=_scored(artifacts, name, release),
        )
        for name in names
    }


def _last_judged(artifacts: Path, name: str) -> date | None:
    """Return the scoring cut-off of the newest training that the gate has judged.

    None as well where the training itself is gone, as after a restored backup.
    """
    if not trained_folder(artifacts, name).is_dir():
        return None
    for one in reversed(versions(artifacts, name)):
        if decision_of(artifacts, name, one.number) is not None:
            score = training_of(artifacts, name, one.number)["cutoffs"]["score"]
            return date.fromisoformat(score)
    return None


def _scored(artifacts: Path, name: str, release: Release) -> date | None:
    live = release.models.get(name)
    return read_score_set(artifacts, name, live.score_set).as_of if live else None
