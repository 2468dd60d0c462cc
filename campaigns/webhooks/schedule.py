"""When a delivery that failed is tried again."""

from datetime import timedelta

#: So often a message is tried, over two days or so, before it is given up.
MOST_ATTEMPTS = 10

_FIRST_S = 10.0
_GROWS_BY = 4.0
_LONGEST_S = 16 * 3600.0


def wait_before_next(attempts: int, jitter: float, *, asked_s: float = 0.0) -> timedelta:
    """Return how long to wait after so many attempts.

    Ten seconds after the first, then four times as long each time, up to 16 hours; each a
    quarter more or less, by chance. A receiver that asks for more time gets it, up to 16 hours.

    Parameters
    ----------
    attempts : int
        How many have failed, at least 1.
    jitter : float
        Drawn in [0, 1].
    asked_s : float
        What the receiver asked for, in seconds.

    Examples
    --------
    >>> [str(wait_before_next(number, jitter=0.5)) for number in range(1, 9)]
    ['0:00:10', '0:00:40', '0:02:40', '0:10:40', '0:42:40', '2:50:40', '11:22:40', '16:00:00']
    """
    usual = min(_FIRST_S * _GROWS_BY ** (attempts - 1), _LONGEST_S) * (0.75 + jitter / 2)
    return timedelta(seconds=max(usual, min(asked_s, _LONGEST_S)))
