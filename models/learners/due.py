"""From a survival curve to a date: when a purchase is due, and when to make contact."""

import numpy as np
import pandas as pd

#: Columns of `due_window`, all counted in periods from today; a fraction counts too.
COLUMNS = ["due", "opens", "closes", "probability"]


def due_window(survival: pd.DataFrame, *, share: float = 0.5, lead: int = 0) -> pd.DataFrame:
    """Return when the next purchase is due, and the shortest stretch that holds most of it.

    Parameters
    ----------
    survival : DataFrame of shape (n_rows, periods)
        Column j = 1 ... `periods` is the probability that the next j periods stay without a
        purchase, as `HazardClassifier.predict_survival` returns it. Look far enough ahead:
        what lies beyond the last column has no date.
    share : float
        Part of the probability of a purchase within the horizon that the window has to hold,
        in (0, 1].
    lead : int
        Periods between the moment of contact and its effect; the window is moved forward by
        so many, but not to before today.

    Returns
    -------
    DataFrame of shape (n_rows, 4)
        With the index of `survival`. `due` is the first period by the end of which a purchase
        is more likely than not, missing if that is not the case within the horizon. `opens`
        and `closes` are the first and last period of the shortest window (the earliest of
        equally short ones). `probability` is that of a purchase within the horizon, in [0, 1].

    Raises
    ------
    ValueError
        If `share` is outside (0, 1], or the columns are not survival curves.

    Examples
    --------
    >>> survival = pd.DataFrame([[0.9, 0.4, 0.1, 0.1], [0.99, 0.98, 0.97, 0.96]])
    >>> due_window(survival, share=0.8)
       due  opens  closes  probability
    0  2.0      2       3         0.90
    1  NaN      1       4         0.04
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}: a window holds a share in (0, 1].")
    values = survival.to_numpy(dtype=float)
    before = np.concatenate([np.ones((len(values), 1)), values], axis=1)
    per_period = -np.diff(before, axis=1)
    if not ((values >= 0) & (per_period >= -1e-12)).all():  # noqa: PLR2004 -- rounding
        raise ValueError(
            "survival has missing values or rises over time: pass probabilities that fall."
        )
    needed = share * (1 - values[:, -1])
    width, start = _shortest(before, needed)
    bought = values <= 0.5  # noqa: PLR2004 -- more likely than not
    due = np.where(bought.any(axis=1), bought.argmax(axis=1) + 1.0, np.nan)
    opens = np.maximum(start + 1 - lead, 1)
    columns = [due, opens, np.maximum(opens, start + width - lead), 1 - values[:, -1]]
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=survival.index)


def _shortest(before: np.ndarray, needed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return length and first column of each row's shortest window that holds what is needed.

    What the best window of a length holds never falls with the length, so the length is found
    by halving.
    """
    rows, periods = len(before), before.shape[1] - 1
    columns = np.arange(periods)
    # The difference of two sums of f(j) is off by rounding; it must not cost a period.
    enough = needed[:, None] - 1e-12

    def held(width: np.ndarray) -> np.ndarray:
        end = columns + width[:, None]
        inside = np.take_along_axis(before, np.minimum(end, periods), axis=1)
        return np.where(end <= periods, before[:, :-1] - inside, -np.inf)

    low, high = np.ones(rows, dtype=np.int64), np.full(rows, periods)
    while (low < high).any():
        middle = (low + high) // 2
        fits = (held(middle) >= enough).any(axis=1)
        low, high = np.where(fits, low, np.minimum(middle + 1, high)), np.where(fits, middle, high)
    return high, held(high).argmax(axis=1)
