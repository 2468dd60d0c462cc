"""Which columns have moved further than they ever did in a quiet month."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from pydantic import BaseModel, ConfigDict

from models.measures.binned import benjamini_hochberg, binned_psi, same_shares_p_value
from pipeline.monitor.counts import Counted
from pipeline.monitor.limits import MonitoringParams

#: Up to this share of texts without a bin of their own, a new one is news.
ALL_KNOWN = 0.001


class Moved(BaseModel):
    """How far a column lies from what was seen before.

    Attributes
    ----------
    column : str
        Name of the feature, or `score`.
    psi : float
        Stability index against all references together.
    nearest : float
        The same against the most alike of them.
    nearest_as_of : date
        That reference.
    usual : float
        How far, at most, a reference itself lay from the most alike of its own past.
    p_value, adjusted : float
        Of the chi-square test against the reference that differs least, and after
        Benjamini-Hochberg among all columns.
    missing_then, missing_now : float
        Share of rows without a value.
    unseen : float
        Share of rows with a text that no reference had; 0 for numbers.
    references : int
        Earlier cut-offs that it was compared with.
    rings : bool
        Whether it is past all limits.
    """

    model_config = ConfigDict(frozen=True)

    column: str
    psi: float
    nearest: float
    nearest_as_of: date
    usual: float
    p_value: float
    adjusted: float
    missing_then: float
    missing_now: float
    unseen: float = 0.0
    references: int
    rings: bool


def moved_columns(
    now: Counted,
    past: Mapping[date, Counted],
    limits: MonitoringParams,
    *,
    texts: frozenset[str] = frozenset(),
    skip: Mapping[str, frozenset[date]] | None = None,
) -> list[Moved]:
    """Compare each column with all references; return the furthest first.

    With a million rows every column differs significantly from every earlier month, and a
    seasonal one differs a lot. So a column rings only if it is significantly unlike each
    reference (Benjamini-Hochberg over the columns), lies far from the most alike of them, and
    several times as far as any reference lay from the most alike of *its* past: a season that
    was there a year ago, and a trend at its usual pace, do not ring.

    Parameters
    ----------
    now : Counted
        The newest rows.
    past : mapping of date to Counted
        References by cut-off; in whichever order.
    limits : MonitoringParams
        Past which a column rings.
    texts : set of str
        Columns of texts: the bin before the last holds those without one of their own.
    skip : mapping of str to set of date, optional
        By column, references that are none for it: it rang there.
    """
    found = []
    for column in now.columns:
        left_out = (skip or {}).get(column, frozenset())
        references = [
            (day, past[day].array(column))
            for day in sorted(past)
            if day not in left_out and past[day].rows and column in past[day].columns
        ]
        if references and now.rows:
            one = _one(column, now.array(column), references)
            if column in texts:
                one = _with_unseen(one, now.array(column), references)
            found.append(one)
    adjusted = benjamini_hochberg([one.p_value for one in found]) if found else np.empty(0)
    judged = [
        one.model_copy(
            update={
                "adjusted": float(q),
                "rings": one.references >= limits.fewest_references
                and bool(q < limits.false_discovery_rate)
                and (
                    one.unseen > limits.unseen_share
                    or one.nearest > max(limits.psi, limits.spread * one.usual)
                ),
            }
        )
        for one, q in zip(found, adjusted, strict=True)
    ]
    return sorted(judged, key=lambda one: (not one.rings, -one.nearest))


def _one(column: str, now: np.ndarray, references: Sequence[tuple[date, np.ndarray]]) -> Moved:
    counts = [one for _, one in references]
    distances = [binned_psi(one, now) for one in counts]
    most_alike = int(np.argmin(distances))
    together = np.sum(counts, axis=0)
    return Moved(
        column=column,
        psi=binned_psi(together, now),
        nearest=distances[most_alike],
        nearest_as_of=references[most_alike][0],
        usual=_usual(counts),
        p_value=max(same_shares_p_value(one, now) for one in counts),
        adjusted=1.0,
        missing_then=float(together[-1] / together.sum()),
        missing_now=float(now[-1] / now.sum()),
        references=len(references),
        rings=False,
    )


def _with_unseen(
    one: Moved, now: np.ndarray, references: Sequence[tuple[date, np.ndarray]]
) -> Moved:
    """Add the share of texts without a bin of their own, if there were none before.

    Among fifty values a new one is lost to the chi-square of all: it has a test of its own.
    """
    if max(float(old[-2] / old.sum()) for _, old in references) > ALL_KNOWN:
        return one
    p_value = max(same_shares_p_value(_new(old), _new(now)) for _, old in references)
    return one.model_copy(
        update={
            "unseen": float(now[-2] / now.sum()),
            "p_value": min(1.0, 2 * min(one.p_value, p_value)),
        }
    )


def _new(counts: np.ndarray) -> np.ndarray:
    return np.array([counts[-2], counts.sum() - counts[-2]])


def _usual(counts: Sequence[np.ndarray]) -> float:
    """Return the largest distance of a reference from the most alike of its past."""
    return max(
        (min(binned_psi(old, one) for old in counts[:at]) for at, one in enumerate(counts) if at),
        default=0.0,
    )
