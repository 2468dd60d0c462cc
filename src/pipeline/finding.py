"""What `shortlist doctor` says: one thing that is not as it should be."""

from typing import NamedTuple


class Finding(NamedTuple):
    """Something that is not as it should be.

    Attributes
    ----------
    subject : str
        What it is about: a path below the project, or a model.
    found : str
        What is wrong, and how it may have come about.
    fix : str
        The smallest thing that mends it.
    """

    subject: str
    found: str
    fix: str
