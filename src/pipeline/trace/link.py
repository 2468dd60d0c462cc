"""One step on the way back from a score."""

from typing import Any, NamedTuple


class Link(NamedTuple):
    """What a number came from, one step back.

    Attributes
    ----------
    name : str
        Such as `score_set` or `training_run`.
    found : bool
        Whether it can still be looked at, and is what it was.
    said : str
        One sentence about it: what it is, or why it can no longer be followed.
    facts : dict
        What is on record of it, as JSON holds it.
    """

    name: str
    found: bool
    said: str
    facts: dict[str, Any]
