"""How a command ends: one number, one meaning, for whoever or whatever started it."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What became of a command; `MEANING` says each in a sentence.

    Examples
    --------
    >>> int(ExitCode.DATA_REFUSED), ExitCode(7).name
    (5, 'BUSY')
    """

    RELEASED = 0
    ERROR = 1
    UNUSABLE = 2
    NOTHING_TO_DO = 3
    GATE_REFUSED = 4
    DATA_REFUSED = 5
    DRIFT_ALARM = 6
    BUSY = 7
    DEFECT = 70


MEANING: dict[ExitCode, str] = {
    ExitCode.RELEASED: "done; what is live follows from the newest data",
    ExitCode.ERROR: "an error, told in one message; what is live stays",
    ExitCode.UNUSABLE: "a wrong option; `validate` and `import`: data refused",
    ExitCode.NOTHING_TO_DO: "`retrain`: nothing is due; what is live stays",
    ExitCode.GATE_REFUSED: "the gate refused a model; what was live before has scored the new "
    "data, and those scores are live",
    ExitCode.DATA_REFUSED: "`run`, `retrain`: data refused; what is live stays",
    ExitCode.DRIFT_ALARM: "`retrain`, `monitor`: done, and an alarm was raised",
    ExitCode.BUSY: "another run is under way; this command has done nothing",
    ExitCode.DEFECT: "a defect of ours; `SHORTLIST_DEBUG=1` shows where",
}

#: Of what one command may come to at once, it ends with the first of these that applies.
WORST_FIRST = (
    ExitCode.GATE_REFUSED,
    ExitCode.DRIFT_ALARM,
    ExitCode.RELEASED,
    ExitCode.NOTHING_TO_DO,
)


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that a command ends with which came to all of these.

    Examples
    --------
    >>> worst([ExitCode.RELEASED, ExitCode.GATE_REFUSED, ExitCode.DRIFT_ALARM]).name
    'GATE_REFUSED'
    """
    found = set(codes)
    return next((code for code in WORST_FIRST if code in found), ExitCode.NOTHING_TO_DO)


def told(*codes: ExitCode) -> str:
    """Return the meaning of codes, all of them by default, as the lines of a Markdown list.

    Examples
    --------
    >>> print(told(ExitCode.BUSY))
    - 7: another run is under way; this command has done nothing
    """
    return "\n".join(f"- {int(code)}: {MEANING[code]}" for code in codes or ExitCode)
