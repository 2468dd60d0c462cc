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
- **R**: outcome residual over treatment residual, weighted by the latter's square.
- **response**: the outcome itself, whoever is treated. A ranking by it enters the stack as
  a straight (so monotone) map to effects.

References
----------
Kunzel et al. (2019), PNAS 116, 4156 (S, T, X). Nie and Wager (2021), Biometrika 108, 299
(R). Kennedy (2023), Electronic Journal of Statistics 17, 3008 (DR).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.learners.boosting import REPRODUCIBLE
from models.learners.frame import FloatArray
from models.learners.lines import fit_by_evidence, fit_line, thinned
from models.learners.surfaces import Encoded, LineSurface, Sum, TreeSurface, alone
from models.learners.trial import Fold, Trial

#: Learners of one kind compete; the best of each kind goes into the stack.
FAMILIES: dict[str, tuple[str, ...]] = {
    "line S": ("line S",),
    "other lines": ("line T", "line X", "line DR"),
    "trees": ("trees S", "trees T", "trees X", "trees R", "trees DR"),
    "response": ("response",),
}


@dataclass(frozen=True, kw_only=True)
class Growing:
    """How trees are grown: few and small, because effects are small and noisy."""

    trees: int
    leaves: int
    learning_rate: float
    min_leaf: int
    text: tuple[int, ...]
    threads: int
    seed: int

    def grow(
        self, matrix: FloatArray, target: FloatArray, *, logistic: bool, weight: Any = None
    ) -> Any:
        """Return a booster of the target given the columns."""
        import lightgbm as lgb

        parameters = {
            "objective": "binary" if logistic else "regression",
            "num_leaves": self.leaves,
            "learning_rate": self.learning_rate,
            # A leaf holds at most a tenth of the rows of a small sample.
            "min_data_in_leaf": max(5, min(self.min_leaf, len(target) // 10)),
            "num_threads": self.threads,
            "seed": self.seed,
            **REPRODUCIBLE,
        }
        data = lgb.Dataset(
            matrix,
            label=target,
            weight=weight,
            categorical_feature=list(self.text),
            params=parameters,
            free_raw_data=True,
        )
        return lgb.train(parameters, data, num_boost_round=self.trees)


class Setting(NamedTuple):
    """What every fit needs: columns, outcomes and arms, probabilities, and how trees grow."""

    rows: Encoded
    trial: Trial
    chance: FloatArray
    growing: Growing


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

    n: int
    treated: int
    held_out: dict[str, FloatArray] = field(default_factory=dict)
    sums: dict[str, list[list[Sum]]] = field(default_factory=dict)
    outcomes: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    scores: FloatArray = field(default_factory=lambda: np.empty((0, 0)))

    def add(self, name: str, fold: Fold, held_out: Encoded, sums: Sequence[Sum]) -> None:
        """Store what was fitted for one fold, and read it on the rows held out."""
        table = self.held_out.setdefault(name, np.zeros((self.n, self.treated)))
        by_arm = self.sums.setdefault(name, [[] for _ in range(self.treated)])
        for position, total in enumerate(sums):
            table[fold.held_out, position] = total.values(held_out)
            by_arm[position].append(total)


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
    found = Candidates(len(trial.y), len(trial.treated))
    found.outcomes = np.zeros((len(trial.y), len(trial.arms)))
    setting = Setting(rows, trial, chance, growing)
    for fold in folds:
        outcome = _fit_on_outcomes(found, setting, fold)
        _fit_x(found, setting, fold, outcome)
    found.scores = _scores(trial, chance, found.outcomes)
    for fold in folds:
        _fit_on_scores(found, setting, fold)
    return found


def _scores(trial: Trial, chance: FloatArray, outcomes: FloatArray) -> FloatArray:
    took = trial.code[:, None] == np.arange(len(trial.arms))
    each = outcomes + took / chance * (trial.y[:, None] - outcomes)
    return np.asarray(each[:, 1:] - each[:, :1])


def _fit_on_outcomes(found: Candidates, setting: Setting, fold: Fold) -> list[Sum]:
    """Fit the candidates that need outcomes only: S, T and the response.

    Returns the expected outcome under each arm.
    """
    rows, trial, _, growing = setting
    seen, held_out = rows.at(fold.seen), rows.at(fold.held_out)
    y, code = trial.y[fold.seen], trial.code[fold.seen]
    logistic = trial.binary
    arms = range(len(trial.arms))
    trees, lines = [], []
    for arm in arms:
        own = code == arm
        grown = growing.grow(seen.matrix[own], y[own], logistic=logistic)
        trees.append(alone(TreeSurface(grown, (), logistic, growing.threads)))
        line = fit_line(seen.line[own], y[own], logistic=logistic, ridge=1.0, seed=growing.seed)
        lines.append(alone(LineSurface(line[0], line[1:], logistic)))
    outcome = [(tree + line).times(0.5) for tree, line in zip(trees, lines, strict=True)]
    for arm in arms:
        found.outcomes[fold.held_out, arm] = outcome[arm].values(held_out)
    treated = arms[1:]
    found.add("trees T", fold, held_out, [trees[arm] - trees[0] for arm in treated])
    found.add("line T", fold, held_out, [lines[arm] - lines[0] for arm in treated])
    share = np.bincount(code, minlength=len(arms)) / len(code)
    response = Sum(())
    for arm in arms:
        response += outcome[arm].times(share[arm])
    found.add("response", fold, held_out, [response for _ in treated])

    flags = (code[:, None] == np.arange(1, len(arms))).astype(np.float64)
    grown = growing.grow(np.hstack([seen.matrix, flags]), y, logistic=logistic)
    at_arm = [
        alone(TreeSurface(grown, tuple(map(float, row)), logistic, growing.threads))
        for row in np.eye(len(arms))[:, 1:]
    ]
    found.add("trees S", fold, held_out, [at_arm[arm] - at_arm[0] for arm in treated])
    drawn = [_line_s(seen.line, y, code, arm, growing, logistic=logistic) for arm in treated]
    found.add("line S", fold, held_out, drawn)
    return outcome


def _line_s(
    columns: FloatArray,
    y: FloatArray,
    code: NDArray[np.int64],
    arm: int,
    growing: Growing,
    *,
    logistic: bool,
) -> Sum:
    """Fit columns, the arm and their products on an arm and the control; read at both."""
    pair = (code == 0) | (code == arm)
    flag = (code[pair] == arm).astype(np.float64)
    share = float(flag.mean())
    own, width = columns[pair], columns.shape[1]
    off = flag - share
    design = np.column_stack([own, off, own * off[:, None]])
    doubtful = np.arange(2 * width + 1) > width
    total = Sum(())
    for weight, solution in fit_by_evidence(
        design, y[pair], doubtful, logistic=logistic, seed=growing.seed
    ):
        main, by_arm = solution[1 : width + 1], solution[width + 2 :]
        for sign, at in ((1, 1 - share), (-1, -share)):
            intercept = float(solution[0] + at * solution[width + 1])
            line = LineSurface(intercept, main + at * by_arm, logistic)
            total += alone(line).times(sign * weight)
    return total


def _fit_x(found: Candidates, setting: Setting, fold: Fold, outcome: list[Sum]) -> None:
    """Learn imputed effects; a row is imputed by the model of an arm that it is not in.

    So the models of this fold serve, although they were fitted on the same rows, and
    nothing of the rows held out has been seen.
    """
    rows, trial, chance, growing = setting
    seen, held_out = rows.at(fold.seen), rows.at(fold.held_out)
    y, code = trial.y[fold.seen], trial.code[fold.seen]
    control = code == 0
    trees, lines = [], []
    for arm in range(1, len(trial.arms)):
        own = code == arm
        gained = y[own] - outcome[0].values(seen.at(own))
        missed = outcome[arm].values(seen.at(control)) - y[control]
        pair = chance[fold.seen][:, [0, arm]].mean(axis=0)
        mix = (pair[0] / pair.sum(), pair[1] / pair.sum())
        sides = ((seen.at(own), gained), (seen.at(control), missed))
        grown = [_tree_of(side, target, growing) for side, target in sides]
        trees.append(grown[0].times(mix[0]) + grown[1].times(mix[1]))
        drawn = [_line_of(side, target, growing) for side, target in sides]
        lines.append(drawn[0].times(mix[0]) + drawn[1].times(mix[1]))
    found.add("trees X", fold, held_out, trees)
    found.add("line X", fold, held_out, lines)


def _fit_on_scores(found: Candidates, setting: Setting, fold: Fold) -> None:
    """Fit the candidates that need everybody's held-out outcomes: DR and R."""
    rows, trial, chance, growing = setting
    seen, held_out = rows.at(fold.seen), rows.at(fold.held_out)
    scores, outcomes = found.scores[fold.seen], found.outcomes[fold.seen]
    y, code, drawn = trial.y[fold.seen], trial.code[fold.seen], chance[fold.seen]
    doubly, residual, lines = [], [], []
    for arm in range(1, len(trial.arms)):
        score = scores[:, arm - 1]
        doubly.append(_tree_of(seen, score, growing))
        lines.append(_line_of(seen, score, growing))
        pair = (code == 0) | (code == arm)
        to_arm = drawn[pair, arm] / (drawn[pair, 0] + drawn[pair, arm])
        mean = outcomes[pair, 0] * (1 - to_arm) + outcomes[pair, arm] * to_arm
        treatment = (code[pair] == arm) - to_arm
        ratio = (y[pair] - mean) / treatment
        residual.append(_tree_of(seen.at(pair), ratio, growing, weight=treatment**2))
    found.add("trees DR", fold, held_out, doubly)
    found.add("line DR", fold, held_out, lines)
    found.add("trees R", fold, held_out, residual)


def _tree_of(
    rows: Encoded, target: FloatArray, growing: Growing, weight: FloatArray | None = None
) -> Sum:
    grown = growing.grow(rows.matrix, target, logistic=False, weight=weight)
    return alone(TreeSurface(grown, (), logistic=False, threads=growing.threads))


def _line_of(rows: Encoded, target: FloatArray, growing: Growing) -> Sum:
    doubtful = np.ones(rows.line.shape[1], dtype=np.bool_)
    believed = fit_by_evidence(rows.line, target, doubtful, logistic=False, seed=growing.seed)
    solution = np.sum([weight * solution for weight, solution in believed], axis=0)
    return alone(LineSurface(float(solution[0]), solution[1:], logistic=False))


def fitted_chances(
    rows: Encoded, trial: Trial, folds: Sequence[Fold], growing: Growing
) -> FloatArray:
    """Fit the probability of each arm crosswise; plain shares unless columns say more.

    A multinomial logistic regression has to beat the shares on held-out rows by two
    standard errors of log loss. In a fair draw it does not, and adds no noise.

    Returns
    -------
    array of shape (n, n_arms)
    """
    from sklearn.linear_model import LogisticRegression

    shape = (len(trial.y), len(trial.arms))
    shares, fitted = np.zeros(shape), np.zeros(shape)
    for fold in folds:
        code = trial.code[fold.seen]
        shares[fold.held_out] = np.bincount(code, minlength=shape[1]) / len(code)
        if not rows.line.shape[1]:
            continue  # no column varies, so none can say more
        chosen = thinned(len(code), seed=growing.seed)
        model = LogisticRegression(C=1.0, max_iter=200).fit(
            rows.line[fold.seen][chosen], code[chosen]
        )
        fitted[fold.held_out] = model.predict_proba(rows.line[fold.held_out])
    if not fitted.any():
        return shares
    at: tuple[NDArray[np.int64], NDArray[np.int64]] = (np.arange(shape[0]), trial.code)
    gained = np.log(np.maximum(fitted[at], 1e-12)) - np.log(shares[at])
    surely = gained.mean() > 2 * gained.std() / np.sqrt(shape[0])
    return fitted if surely else shares
