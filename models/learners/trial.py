"""An experiment, checked before anything is learned from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.learners.frame import FloatArray, FrameError

#: Standard errors between declared probabilities and observed shares that chance explains;
#: beyond it, one fair draw in two million.
MOST_DEVIATION = 5.0
#: Rounding that probabilities of one customer may show when they are added up.
ROUNDING = 1e-3


class TrialError(FrameError):
    """The experiment cannot be learned from; the message says what to change."""


class Fold(NamedTuple):
    """Positions of the rows that are learned from, and of those held out."""

    seen: NDArray[np.int64]
    held_out: NDArray[np.int64]


@dataclass(frozen=True)
class Trial:
    """Who drew which arm, and what came of it.

    Attributes
    ----------
    y : array of shape (n,)
        Outcomes.
    arms : tuple of str
        The control first, then the treated arms, sorted.
    code : array of shape (n,)
        Position of each row's arm in `arms`.
    chance : array of shape (n, n_arms), optional
        Known probabilities.
    cluster : array of shape (n,), optional
        The customer of each row, numbered from 0.
    """

    y: FloatArray
    arms: tuple[str, ...]
    code: NDArray[np.int64]
    chance: FloatArray | None
    cluster: NDArray[np.int64] | None

    @property
    def binary(self) -> bool:
        """Whether every outcome is 0 or 1."""
        return bool(np.isin(self.y, (0, 1)).all())

    @property
    def treated(self) -> tuple[str, ...]:
        """The arms other than the control."""
        return self.arms[1:]

    def folds(self, count: int, *, seed: int) -> list[Fold]:
        """Cut rows into parts at random, customers whole, arms and outcomes spread evenly."""
        stratum = self.code * 2 + (self.y > np.median(self.y))
        customer = np.arange(len(self.y)) if self.cluster is None else self.cluster
        _, first = np.unique(customer, return_index=True)
        random = np.random.default_rng(seed).random(len(first))
        part = np.empty(len(first), dtype=np.int64)
        part[np.lexsort((random, stratum[first]))] = np.arange(len(first)) % count
        of_row = part[customer]
        return [Fold(*map(np.flatnonzero, (of_row != k, of_row == k))) for k in range(count)]


def checked_trial(
    y: Any,
    arm: Any,
    *,
    control: str,
    rows: int,
    probability: Any = None,
    cluster: Any = None,
    fewest: int = 50,
    crossover: bool = False,
) -> Trial:
    """Return the experiment as arrays, or refuse it.

    Parameters
    ----------
    y : array-like of shape (n,)
        Outcomes: 0 and 1, or any numbers.
    arm : array-like of shape (n,)
        Names of the arms, the control among them.
    control : str
        Which one is the control.
    rows : int
        Number of rows of features.
    probability : optional
        See `LiftLearner.fit`.
    cluster : array-like of shape (n,), optional
        The customer of each row.
    fewest : int
        Fewest rows of an arm.
    crossover : bool
        Whether a customer may be in several arms, as in rows of several campaigns.

    Raises
    ------
    TrialError
        Naming what is wrong and how to mend it.
    """
    outcome = _outcomes(y, rows)
    names = np.asarray(arm)
    if names.shape != (rows,):
        raise TrialError(f"arm has shape {names.shape}, but X has {rows} rows: one arm per row")
    if pd.isna(names).any():
        raise TrialError(f"arm has {int(pd.isna(names).sum())} missing values; drop those rows")
    names = names.astype(str)
    arms = _arms(names, str(control), fewest)
    code = pd.Index(arms).get_indexer(pd.Index(names)).astype(np.int64)
    customers = None if cluster is None else _customers(cluster, code, crossover=crossover)
    chance = None if probability is None else _chances(probability, arms, code)
    return Trial(outcome, arms, code, chance, customers)


def _outcomes(y: Any, rows: int) -> FloatArray:
    outcome = np.asarray(y, dtype=np.float64)
    if outcome.shape != (rows,):
        raise TrialError(f"y has shape {outcome.shape}, but X has {rows} rows: one outcome per row")
    strange = int((~np.isfinite(outcome)).sum())
    if strange:
        raise TrialError(
            f"y has {strange} missing or infinite values. A customer who did not buy has the "
            f"outcome 0; drop rows whose outcome window is still open"
        )
    if outcome.min() == outcome.max():
        raise TrialError(
            f"all {rows} outcomes are {outcome[0]:g}, so no arm can have changed any. Check the "
            f"outcome, or use a longer outcome window"
        )
    return outcome


def _arms(names: NDArray[Any], control: str, fewest: int) -> tuple[str, ...]:
    found, counts = np.unique(names, return_counts=True)
    if control not in found:
        raise TrialError(
            f"no customer is in the control arm {control!r}; the arms are {', '.join(found)}. "
            f"Name the control with LiftLearner(control=...); without one nothing can be learned "
            f"about what an offer changes"
        )
    if len(found) == 1:
        raise TrialError(f"every customer is in the control arm {control!r}; nobody was treated")
    small = [f"{a} ({n})" for a, n in zip(found, counts, strict=True) if n < fewest]
    if small:
        raise TrialError(
            f"too few customers in {', '.join(small)}; at least {fewest} per arm are needed. "
            f"Leave the arm out, or lower min_arm if you accept what so few can tell"
        )
    return (control, *(str(a) for a in found if a != control))


def _customers(cluster: Any, code: NDArray[np.int64], *, crossover: bool) -> NDArray[np.int64]:
    customer, _ = pd.factorize(np.asarray(cluster))
    if customer.shape != code.shape or (customer < 0).any():
        raise TrialError(
            f"cluster has shape {customer.shape} and {int((customer < 0).sum())} missing values; "
            f"name the customer of each of the {len(code)} rows"
        )
    if not crossover:
        pairs = len(np.unique(customer * (code.max() + 1) + code))
        several = pairs - (int(customer.max()) + 1)
        if several > 0:
            raise TrialError(
                f"{several} customers are in several arms. One draw gives one arm: keep the "
                f"first, or pass LiftLearner(crossover=True) if rows are of several campaigns"
            )
    return customer.astype(np.int64)


def _chances(probability: Any, arms: tuple[str, ...], code: NDArray[np.int64]) -> FloatArray:
    """Return the probability of every arm for every row."""
    n, count = len(code), len(arms)
    if isinstance(probability, pd.DataFrame | Mapping):
        missing = [name for name in arms if name not in probability]
        if missing:
            raise TrialError(f"probability lacks the arms {', '.join(missing)}")
        columns = [np.broadcast_to(np.asarray(probability[name], float), (n,)) for name in arms]
        chance = np.column_stack(columns)
        total = chance.sum(axis=1)
        wrong = np.abs(total - 1) > ROUNDING
        if wrong.any():
            raise TrialError(
                f"probabilities of {int(wrong.sum())} of {n} rows do not sum to one (they reach "
                f"from {total.min():.3g} to {total.max():.3g}). Give every arm, the control "
                f"included, with the probability it was drawn with"
            )
    elif np.ndim(probability) == 0:
        if count != 2:  # noqa: PLR2004 - one treated arm and the control
            raise TrialError(
                f"probability is one number, but there are {count} arms. Pass a mapping such as "
                f"{{{arms[0]!r}: 0.4, {arms[1]!r}: 0.3, ...}}"
            )
        chance = np.broadcast_to([1 - float(probability), float(probability)], (n, 2)).copy()
    else:
        chance = _from_drawn(np.asarray(probability, dtype=np.float64), code, count)
    if not (chance > 0).all() or not (chance <= 1).all():
        raise TrialError(
            f"probabilities reach from {np.nanmin(chance):.3g} to {np.nanmax(chance):.3g}, but "
            f"each arm needs one in (0, 1). Drop customers who could not draw every arm"
        )
    _refuse_other_shares(chance, arms, code)
    return chance


def _from_drawn(drawn: FloatArray, code: NDArray[np.int64], count: int) -> FloatArray:
    """Spread what the drawn arm leaves over the others, as their observed shares stand."""
    if drawn.shape != code.shape:
        raise TrialError(
            f"probability has shape {drawn.shape}, but there are {len(code)} rows: pass the "
            f"probability of each row's own arm, a mapping by arm, or a frame with one column "
            f"per arm"
        )
    share = np.bincount(code, minlength=count) / len(code)
    chance = np.broadcast_to(share, (len(code), count)) * (
        (1 - drawn) / np.maximum(1 - share[code], 1e-12)
    ).reshape(-1, 1)
    chance = chance.copy()
    chance[np.arange(len(code)), code] = drawn
    return chance


def _refuse_other_shares(
    chance: FloatArray, arms: tuple[str, ...], code: NDArray[np.int64]
) -> None:
    for position, name in enumerate(arms):
        took = code == position
        # Each row that drew the arm stands for 1 / p rows; together they stand for all.
        weight = np.where(took, 1 / chance[:, position], 0.0)
        noise = np.sqrt(float((took * (1 - chance[:, position]) / chance[:, position] ** 2).sum()))
        off = abs(float(weight.sum()) - len(code)) / max(noise, 1e-12)
        if off > MOST_DEVIATION and abs(float(weight.mean()) - 1) > ROUNDING:
            raise TrialError(
                f"{took.mean():.4g} of the customers drew {name!r}, but the probabilities say "
                f"{chance[:, position].mean():.4g}: {off:.0f} standard errors apart. Pass the "
                f"probabilities that the draw really used (for an array: of each row's own arm), "
                f"and look for customers who were lost after it"
            )
