"""The strongest reasons of each customer; with the start and the rest they add up to the score."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.contract import check
from features.definition import Feature
from models.reasons.families import Told, families
from models.reasons.phrases import Phrase, phrase

#: Contributions below half a tenth of a percentage point are shown as none.
LEAST = 0.0005
MOST = 4


class Reason(NamedTuple):
    """A fact about a customer, and what it adds to the probability, in [-1, 1]."""

    points: float
    said: Phrase


class Reasons(NamedTuple):
    """Why a customer has this probability: `start + sum of strongest + rest`.

    Attributes
    ----------
    start : float
        Where everybody starts, in [0, 1].
    strongest : tuple of Reason
        What adds or takes away most, the largest first.
    rest : float
        What everything else adds together.
    """

    start: float
    strongest: tuple[Reason, ...]
    rest: float


def reasons(
    contributions: pd.DataFrame,
    values: pd.DataFrame,
    features: Mapping[str, Feature],
    *,
    most: int = MOST,
) -> list[Reasons]:
    """Say for each row what its probability is made of.

    Parameters
    ----------
    contributions : DataFrame of shape (n_rows, 1 + n_columns)
        As `PropensityClassifier.explain` returns them.
    values : DataFrame of shape (n_rows, n_columns)
        The rows that were explained.
    features : mapping of str to Feature
        Declarations by column. A column that is no feature of ours counts in the rest and
        is never told.
    most : int
        How many reasons a row has at most.

    Returns
    -------
    list of Reasons
        One per row, in order.

    Raises
    ------
    FeatureError
        If a feature uses what identifies a person or tells of an illness.
    """
    known = {str(name): check(features[str(name)]) for name in values if name in features}
    start = contributions["(base)"].to_numpy(dtype=float)
    total = contributions.to_numpy(dtype=float).sum(axis=1)
    groups = families(known)
    by_column = {name: contributions[name].to_numpy(dtype=float) for name in known}
    added = np.zeros((len(values), len(groups)))
    for place, told in enumerate(groups):
        added[:, place] = sum(by_column[name] for name in told.names)
    order = np.argsort(-np.abs(added), axis=1, kind="stable")[:, :most]
    columns = {name: values[name].tolist() for name in known}
    found = []
    for row in range(len(values)):
        strongest = tuple(
            Reason(float(added[row, place]), _said(groups[place], known, columns, by_column, row))
            for place in order[row]
            if abs(added[row, place]) >= LEAST
        )
        rest = total[row] - start[row] - sum(one.points for one in strongest)
        found.append(Reasons(float(start[row]), strongest, float(rest)))
    return found


def _said(
    told: Told,
    known: Mapping[str, Feature],
    columns: Mapping[str, list[object]],
    by_column: Mapping[str, np.ndarray],
    row: int,
) -> Phrase:
    """Say what a family has to say: in its own words, or by the member that adds most."""
    points = float(sum(by_column[name][row] for name in told.names))
    family = told.family
    if family is not None and family.tell is not None:
        said = family.tell(*(columns[need.name][row] for need in family.needs))
    else:
        name = max(told.names, key=lambda one: np.sign(points) * by_column[one][row])
        said = phrase(known[name], columns[name][row])
    return with_points(said, points)


def with_points(said: Phrase, points: float) -> Phrase:
    """Add what it adds.

    Examples
    --------
    >>> with_points(Phrase("Bought 3 days ago", "距上次購買 3 天"), 0.0213)
    Phrase(en='Bought 3 days ago: +2.1 points', zh='距上次購買 3 天：+2.1 個百分點')
    """
    shown = f"{100 * points:+.1f}"
    return Phrase(f"{said.en}: {shown} points", f"{said.zh}：{shown} 個百分點")
