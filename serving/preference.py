"""`Prefer`: whether a caller waits for what takes long (RFC 7240)."""

import re
from typing import Annotated, NamedTuple

from fastapi import Depends, Header

#: Nobody waits longer than this, in seconds.
LONGEST_WAIT_S = 60


class Preference(NamedTuple):
    """How a caller wants to be answered.

    Attributes
    ----------
    is_async : bool
        With a job, even if it is done in a moment.
    wait_s : int
        So long before it is told of the job, in seconds.
    """

    is_async: bool = False
    wait_s: int = 0


def read_preference(text: str) -> Preference:
    """Read the header; what it holds beside these two is ignored, as the standard asks.

    Examples
    --------
    >>> read_preference("respond-async, wait=10")
    Preference(is_async=True, wait_s=10)
    """
    wait = re.search(r"(?:^|[,;])\s*wait\s*=\s*\"?(\d{1,6})", text, flags=re.IGNORECASE)
    is_async = re.search(r"(?:^|[,;])\s*respond-async\b", text, flags=re.IGNORECASE)
    return Preference(bool(is_async), min(int(wait[1]), LONGEST_WAIT_S) if wait else 0)


async def _preferred(
    prefer: Annotated[
        str,
        Header(
            max_length=200,
            description=(
                "`respond-async`: answer with a job at once. `wait=N`: wait up to N seconds for "
                f"what takes long, {LONGEST_WAIT_S} at most."
            ),
            examples=["wait=10"],
        ),
    ] = "",
) -> Preference:
    return read_preference(prefer)


Preferred = Annotated[Preference, Depends(_preferred)]
