"""Candidates for the effect of each arm, fitted crosswise on one set of folds.

Outcomes under each arm are learned once, by trees and by lines, and shared by all:

- **S**: one outcome model with the arm among its columns, read at two arms. As a line it is
  a logistic regression whose arm by column terms are penalised as the data themselves
  suggest: hardly (which is T), or so much that only a common odds ratio is left (which
  ranks as the response does).
- **T**: one outcome model per arm, and their difference.
- **X**: what each customer's outcome differs from what the other arm's model expects,
  learned on the treated and on the control, and mixed by the chance to be treated.
- **DR**: doubly robust scores, learned by one model per arm.
- **R**: outcome residual over treatment residual, weighted by the latter's square; where
  outcomes are 0 and 1 also by how little they vary by chance, which is less where few buy.
- **response**: the outcome itself, whoever is treated. A ranking by it enters the stack as
  a straight (so monotone) map to effects.

References
----------
Kunzel et al. (2019), PNAS 116, 4156 (S, T, X). Nie and Wager (2021), Biometrika 108, 299
(R). Kennedy (2023), Electronic Journal of Statistics 17, 3008 (DR).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.learners.frame import FloatArray
from models.learners.lines import fit_by_evidence, fit_line, thinned
from models.learners.surfaces import Encoded, LineSurface, Reading, Sum, alone
from models.learners.trees import Bins, Growing
from models.learners.trial import Fold, Trial

Rows = NDArray[np.int64]
#: Most rows that a line of effects is fitted to; differences between effects are so small
#: that every row counts.
EFFECT_ROWS = 400_000
#: An expected outcome is not taken to be surer than this chance is.
RAREST = 0.05

#: Learners of one kind compete; the best of each kind goes into the stack.
FAMILIES: dict[str, tuple[str, ...]] = {
    "line S": ("line S",),
    "other lines": ("line T", "line X", "line DR"),
    "trees DR": ("trees DR",),
    "trees R": ("trees R",),
    "trees of outcomes": ("trees S", "trees T", "trees X"),
    "response": ("response",),
}


@dataclass
class Candidates:
    """Fitted candidates and what they say about rows they were not fitted on.

    Attributes
    ----------
    held_out : dict of array of shape (n, n_treated)
        By name, effects of each treated arm.
    sums : dict of list of list of Sum
        By name, per treated arm and fold.
    outcomes : array of shape (n, n_arms)
        Expected outcome under each arm, on held-out rows.
    scores : array of shape (n, n_treated)
        Doubly robust scores of each treated arm against the control.
    """

    outcomes: FloatArray
    scores: FloatArray
    held_out: dict[str, FloatArray] = field(default_factory=dict)
    sums: dict[str, list[list[Sum]]] = field(default_factory=dict)


def fit_candidates(
    rows: Encoded, trial: Trial, chance: FloatArray, folds: Sequence[Fold], growing: Growing
) -> Candidates:
    """Fit every candidate on every fold.

    Parameters
    ----------
    rows : Encoded
        Columns of the n rows.
    trial : Trial
        Outcomes and arms.
    chance : array of shape (n, n_arms)
        Probability of each arm, known or fitted on other folds.
    folds : sequence of Fold
        Rows to learn from and rows held out.
    growing : Growing
        How trees are grown.
    """
    fitting = _Fitting(rows, trial, chance, growing)
    for fold in folds:
        reading = Reading(rows.at(fold.held_out))
        outcome = fitting.outcomes(fold, reading)
        fitting.s(fold, reading)
        fitting.x(fold, reading, outcome)
    took = trial.code[:, None] == np.arange(len(trial.arms))
    found = fitting.found
    each = found.outcomes + took / chance * (trial.y[:, None] - found.outcomes)
    found.scores = each[:, 1:] - each[:, :1]
    for fold in folds:
        fitting.of_scores(fold, Reading(rows.at(fold.held_out)))
    return found


class _Fitting:
    """The fits of one learner: columns are binned once, and all folds share them."""

    def __init__(self, rows: Encoded, trial: Trial, chance: FloatArray, growing: Growing) -> None:
        self.line, self.trial, self.chance = rows.line, trial, chance
        self.seed, self.logistic = growing.seed, trial.binary
        self.treated = range(1, len(trial.arms))
        flags = (trial.code[:, None] == np.arange(1, len(trial.arms))).astype(np.float64)
        self.bins = Bins(rows.matrix, growing)
        self.bins_with_arm = Bins(np.hstack([rows.matrix, flags]), growing)
        empty = np.zeros((len(trial.y), len(trial.arms)))
        self.found = Candidates(outcomes=empty, scores=empty[:, 1:])
        # Folds share most of their rows, so a line begins where that of the last one ended.
        self.begun: dict[tuple[str, int], FloatArray] = {}

    def outcomes(self, fold: Fold, reading: Reading) -> list[Sum]:
        """Learn the outcome under each arm: T, and the response."""
        trees, lines = [], []
        for arm in range(len(self.trial.arms)):
            own = self._of(arm, fold)
            y = self.trial.y[own]
            trees.append(alone(self.bins.grow(own, y, logistic=self.logistic)))
            few = own[thinned(len(own), seed=self.seed)]
            line = fit_line(
                self.line[few],
                self.trial.y[few],
                logistic=self.logistic,
                ridge=1.0,
                start=self.begun.get(("outcome", arm)),
            )
            self.begun["outcome", arm] = line
            lines.append(alone(LineSurface(float(line[0]), line[1:], self.logistic)))
        outcome = [(tree + line).times(0.5) for tree, line in zip(trees, lines, strict=True)]
        for arm, total in enumerate(outcome):
            self.found.outcomes[fold.held_out, arm] = reading(total)
        self._add("trees T", fold, reading, [trees[arm] - trees[0] for arm in self.treated])
        self._add("line T", fold, reading, [lines[arm] - lines[0] for arm in self.treated])
        code = self.trial.code[fold.seen]
        share = np.bincount(code, minlength=len(outcome)) / len(code)
        response = Sum(())
        for arm, total in enumerate(outcome):
            response += total.times(float(share[arm]))
        self._add("response", fold, reading, [response for _ in self.treated])
        return outcome

    def s(self, fold: Fold, reading: Reading) -> None:
        """Learn the outcome with the arm among the columns."""
        seen = fold.seen
        grown = self.bins_with_arm.grow(seen, self.trial.y[seen], logistic=self.logistic)
        at = [
            alone(grown.at(tuple(map(float, row)))) for row in np.eye(len(self.trial.arms))[:, 1:]
        ]
        self._add("trees S", fold, reading, [at[arm] - at[0] for arm in self.treated])
        self._add("line S", fold, reading, [self._line_s(arm, fold) for arm in self.treated])

    def x(self, fold: Fold, reading: Reading, outcome: list[Sum]) -> None:
        """Learn imputed effects; a row is imputed by the model of an arm that it is not in.

        So the models of this fold serve, although they were fitted on the same rows, and
        nothing of the rows held out has been seen.
        """
        trees, lines = [], []
        control = self._of(0, fold)
        at_control = Reading(self._rows(control))
        for arm in self.treated:
            own = self._of(arm, fold)
            gained = self.trial.y[own] - outcome[0].values(self._rows(own))
            missed = at_control(outcome[arm]) - self.trial.y[control]
            pair = self.chance[fold.seen][:, [0, arm]].mean(axis=0)
            to_control, to_arm = (pair / pair.sum()).tolist()
            on_arm = self.bins.grow(
                own, gained, weight=self._certainty(self.trial.y[own] - gained), surely=True
            )
            on_control = self.bins.grow(
                control, missed, weight=self._certainty(missed + self.trial.y[control]), surely=True
            )
            trees.append(alone(on_arm).times(to_control) + alone(on_control).times(to_arm))
            lines.append(
                self._line(own, gained).times(to_control)
                + self._line(control, missed).times(to_arm)
            )
        self._add("trees X", fold, reading, trees)
        self._add("line X", fold, reading, lines)

    def of_scores(self, fold: Fold, reading: Reading) -> None:
        """Learn what needs everybody's held-out outcomes: DR and R."""
        doubly, residual, lines = [], [], []
        for arm in self.treated:
            score = self.found.scores[fold.seen, arm - 1]
            doubly.append(alone(self.bins.grow(fold.seen, score, surely=True)))
            lines.append(self._line(fold.seen, score))
            residual.append(self._r(arm, fold, doubly[-1]))
        self._add("trees DR", fold, reading, doubly)
        self._add("line DR", fold, reading, lines)
        self._add("trees R", fold, reading, residual)

    def _r(self, arm: int, fold: Fold, doubly: Sum) -> Sum:
        pair = np.union1d(self._of(0, fold), self._of(arm, fold))
        own = self.chance[pair][:, [0, arm]]
        to_arm = own[:, 1] / own.sum(axis=1)
        if len(self.treated) == 1 and np.allclose(to_arm, 0.5) and not self.logistic:
            return doubly  # in an even draw both learn the same target with equal weights
        outcomes = self.found.outcomes[pair]
        mean = outcomes[:, 0] * (1 - to_arm) + outcomes[:, arm] * to_arm
        treatment = (self.trial.code[pair] == arm) - to_arm
        ratio = (self.trial.y[pair] - mean) / treatment
        weight = treatment**2 * self._certainty(mean)
        return alone(self.bins.grow(pair, ratio, weight=weight, surely=True))

    def _certainty(self, expected: FloatArray) -> FloatArray:
        """Return one over the variance of outcomes, as far as it is known how it differs."""
        if not self.logistic:
            return np.ones(len(expected))
        chance = np.clip(expected, RAREST, 1 - RAREST)
        return np.asarray(RAREST * (1 - RAREST) / (chance * (1 - chance)))

    def _line_s(self, arm: int, fold: Fold) -> Sum:
        """Fit columns, the arm and their products on an arm and the control; read at both."""
        pair = np.union1d(self._of(0, fold), self._of(arm, fold))
        pair = pair[thinned(len(pair), seed=self.seed, most=EFFECT_ROWS)]
        columns, width = self.line[pair], self.line.shape[1]
        flag = (self.trial.code[pair] == arm).astype(np.float64)
        share = float(flag.mean())
        off = flag - share
        design = np.column_stack([columns, off, columns * off[:, None]])
        doubtful = np.arange(2 * width + 1) > width
        total = Sum(())
        believed = fit_by_evidence(
            design,
            self.trial.y[pair],
            doubtful,
            logistic=self.logistic,
            start=self.begun.get(("S", arm)),
        )
        self.begun["S", arm] = believed[0].solution
        for weight, solution in believed:
            main, by_arm = solution[1 : width + 1], solution[width + 2 :]
            for sign, at in ((1, 1 - share), (-1, -share)):
                intercept = float(solution[0] + at * solution[width + 1])
                line = LineSurface(intercept, main + at * by_arm, self.logistic)
                total += alone(line).times(sign * weight)
        return total

    def _line(self, rows: Rows, target: FloatArray) -> Sum:
        """Fit a line to effects, every term in doubt."""
        few = thinned(len(rows), seed=self.seed, most=EFFECT_ROWS)
        doubtful = np.ones(self.line.shape[1], dtype=np.bool_)
        believed = fit_by_evidence(self.line[rows[few]], target[few], doubtful, logistic=False)
        solution = np.sum([weight * solution for weight, solution in believed], axis=0)
        return alone(LineSurface(float(solution[0]), solution[1:], logistic=False))

    def _of(self, arm: int, fold: Fold) -> Rows:
        own: Rows = fold.seen[self.trial.code[fold.seen] == arm]
        return own

    def _rows(self, rows: Rows) -> Encoded:
        return Encoded(self.bins.matrix[rows], self.line[rows])

    def _add(self, name: str, fold: Fold, reading: Reading, sums: Sequence[Sum]) -> None:
        """Store what was fitted for one fold, and read it on the rows held out."""
        empty = np.zeros((len(self.trial.y), len(sums)))
        table = self.found.held_out.setdefault(name, empty)
        by_arm = self.found.sums.setdefault(name, [[] for _ in sums])
        for position, total in enumerate(sums):
            table[fold.held_out, position] = reading(total)
            by_arm[position].append(total)
