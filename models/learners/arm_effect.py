"""The effect of one treated arm: the average, and a stack for who differs from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.learners.effect_candidates import FAMILIES, Candidates
from models.learners.effect_stack import ranks, standing, weights
from models.learners.frame import FloatArray
from models.learners.surfaces import Encoded, Shelf, Sum
from models.learners.trial import Fold
from models.measures.estimate import Estimate
from models.measures.gates import Line, effect_line

#: A slope is never taken below this: the ranking stays, and effects are nearly all average.
LEAST_SLOPE = 0.05


@dataclass(frozen=True)
class ArmEffect:
    """Average effect plus what a stack of candidates adds for each row.

    Attributes
    ----------
    line : Line
        Average effect by doubly robust scores, and the slope from predicted to real
        differences, on rows held out from the whole procedure, stacking included.
    center : float
        Mean of the stack where it was trained.
    stacks : tuple of Sum
        The stack of each fold; their mean predicts, their spread is part of the interval.
    """

    line: Line
    center: float
    stacks: tuple[Sum, ...]

    @property
    def slope(self) -> float:
        """What predicted differences between customers are multiplied with."""
        return float(np.clip(self.line.slope.value, LEAST_SLOPE, 1.0))

    def values(self, rows: Encoded) -> FloatArray:
        """Return the effect on each row."""
        off = self._by_fold(rows).mean(axis=0)
        return np.asarray(self.line.average.value + self.slope * off)

    def interval(self, rows: Encoded, *, level: float) -> tuple[FloatArray, FloatArray]:
        """Return both ends for each row; see `LiftLearner.predict_effect_interval`."""
        from scipy.stats import t

        by_fold = self._by_fold(rows)
        off = by_fold.mean(axis=0)
        average, slope = (_variance(e) for e in (self.line.average, self.line.slope))
        line = average + slope * off**2 + 2 * self.line.covariance * off
        folds = len(by_fold)
        moved = self.slope**2 * (folds - 1) * by_fold.var(axis=0)
        upper = (1 + level) / 2
        z, t_of_folds = NormalDist().inv_cdf(upper), float(t.ppf(upper, folds - 1))
        half = np.sqrt(z**2 * np.maximum(line, 0.0) + t_of_folds**2 * moved)
        middle = self.line.average.value + self.slope * off
        return middle - half, middle + half

    def parts(self, rows: Encoded, source: NDArray[np.int64]) -> FloatArray:
        """Return what each encoded column adds to the effect, and the rest in a last column."""
        parts = np.mean([total.parts(rows, source) for total in self.stacks], axis=0)
        parts[:, -1] -= self.center
        parts *= self.slope
        parts[:, -1] += self.line.average.value
        return np.asarray(parts)

    def to_json(self, shelf: Shelf) -> dict[str, Any]:
        """Return what `from_json` needs; boosters go on the shelf."""
        return {
            "line": self.line,
            "center": self.center,
            "stacks": [shelf.to_json(total) for total in self.stacks],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], shelf: Shelf, *, threads: int) -> Self:
        """Restore an effect whose boosters are on the shelf."""
        average, slope, found, covariance = document["line"]
        return cls(
            Line(Estimate(*average), Estimate(*slope), found, covariance),
            document["center"],
            tuple(shelf.from_json(total, threads=threads) for total in document["stacks"]),
        )

    def _by_fold(self, rows: Encoded) -> FloatArray:
        """Return what each fold's stack says beyond the average; shape (folds, n)."""
        return np.array([total.values(rows) - self.center for total in self.stacks])


def stack_arm(
    found: Candidates,
    position: int,
    folds: Sequence[Fold],
    *,
    cluster: NDArray[np.int64] | None,
) -> tuple[ArmEffect, pd.DataFrame]:
    """Stack the candidates of one treated arm.

    Parameters
    ----------
    found : Candidates
        Fitted crosswise on the folds.
    position : int
        Which treated arm.
    folds : sequence of Fold
        The folds.
    cluster : array of shape (n,), optional
        The customer of each row.

    Returns
    -------
    tuple of ArmEffect and DataFrame
        The second says how each candidate stands on held-out rows, and its weight.
    """
    score = found.scores[:, position]
    effects = {name: table[:, position] for name, table in found.held_out.items()}
    ranked = {name: ranks(effect) for name, effect in effects.items()}
    chosen = weights(effects, ranked, score)
    # Weights for a fold come from the others: what the stack says there is then held out
    # from everything, and shows by how much the whole procedure exaggerates.
    honest = np.zeros(len(score))
    for fold in folds:
        seen, held_out = fold
        apart = weights(_at(effects, seen), _at(ranked, seen), score[seen])
        for name, weight in apart.items():
            effect = effects[name]
            honest[held_out] += weight * (effect[held_out] - effect[seen].mean())
    line = effect_line(score, honest, cluster=cluster)
    center = sum(weight * float(effects[name].mean()) for name, weight in chosen.items())
    stacks = [
        Sum(
            tuple(
                term
                for name, weight in chosen.items()
                for term in found.sums[name][position][number].times(weight).terms
            )
        )
        for number in range(len(folds))
    ]
    table = _standings(effects, ranked, score, chosen)
    return ArmEffect(line, float(center), tuple(stacks)), table


def _at(columns: Mapping[str, FloatArray], rows: NDArray[np.int64]) -> dict[str, FloatArray]:
    return {name: column[rows] for name, column in columns.items()}


def _standings(
    effects: Mapping[str, FloatArray],
    ranked: Mapping[str, FloatArray],
    score: FloatArray,
    chosen: Mapping[str, float],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "kind": family,
            "candidate": name,
            **standing(effects[name], ranked[name], score)._asdict(),
            "weight": chosen.get(name, 0.0),
        }
        for family, names in FAMILIES.items()
        for name in names
    )


def _variance(estimate: Estimate) -> float:
    return ((estimate.high - estimate.low) / (2 * NormalDist().inv_cdf(0.975))) ** 2
