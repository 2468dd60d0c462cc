"""A penalised logistic regression on encoded columns: one term per column.

Numbers are cut at their outer half percents, logged where that makes them less skewed, and
standardised; a missing number gets a coefficient of its own. Each text value has one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any, Self

import numpy as np

from models.learners.encoder import FIRST, EncodedColumn
from models.learners.frame import FloatArray
from models.learners.newton import fit_logistic

#: More rows than this hardly move a model of so few coefficients; a random part is used.
ROWS = 100_000
#: Numbers are cut at these quantiles, so that one odd value cannot carry a coefficient.
CUT = (0.005, 0.995)


@dataclass(frozen=True)
class NumberTerm:
    """Contribution of a number: linear between two limits, a constant where missing."""

    low: float
    high: float
    logged: bool
    mean: float
    scale: float
    coefficient: float = 0.0
    missing: float = 0.0

    def standardised(self, values: FloatArray) -> FloatArray:
        """Return the number on the scale of its coefficient; 0 where missing."""
        inside = np.clip(values, self.low, self.high)
        inside = _logged(inside) if self.logged else inside
        return np.nan_to_num((inside - self.mean) / self.scale)

    def with_coefficients(self, coefficient: float, missing: float = 0.0) -> "NumberTerm":
        """Return the term as it was fitted."""
        return replace(self, coefficient=coefficient, missing=missing)

    def __call__(self, values: FloatArray) -> FloatArray:
        """Return the contribution of each row, in log-odds."""
        return self.coefficient * self.standardised(values) + self.missing * np.isnan(values)


@dataclass(frozen=True)
class TextTerm:
    """Contribution of a text: one number per code."""

    by_code: tuple[float, ...]

    def __call__(self, codes: FloatArray) -> FloatArray:
        """Return the contribution of each row, in log-odds."""
        return np.asarray(self.by_code)[codes.astype(np.int64)]


@dataclass(frozen=True)
class LinearModel:
    """An intercept and one term per column, in log-odds."""

    intercept: float
    terms: tuple[NumberTerm | TextTerm, ...]

    @classmethod
    def fit(
        cls,
        matrix: FloatArray,
        y: FloatArray,
        columns: Sequence[EncodedColumn],
        *,
        weight: FloatArray,
        offset: FloatArray,
        penalty: float = 1.0,
        seed: int = 0,
    ) -> Self:
        """Fit the terms on an encoded matrix; a random 100,000 rows where there are more.

        Parameters
        ----------
        matrix : array of shape (n, n_columns)
            As `FrameEncoder.transform` returns it.
        y : array of shape (n,)
            Outcomes, 0 or 1.
        columns : sequence of EncodedColumn
            What the columns of the matrix are.
        weight, offset : array of shape (n,)
            How often each row counts; log-odds added by the way rows were sampled.
        penalty : float
            Ridge on coefficients of standardised numbers and of text values.
        seed : int
            Chooses the rows where there are too many.
        """
        if len(y) > ROWS:
            chosen = np.random.default_rng(seed).permutation(len(y))[:ROWS]
            chosen.sort()
            matrix, y, weight, offset = matrix[chosen], y[chosen], weight[chosen], offset[chosen]
        terms: list[NumberTerm | TextTerm] = [
            TextTerm((0.0,) * (FIRST + len(column.levels)))
            if column.kind == "text"
            else scaled(matrix[:, position])
            for position, column in enumerate(columns)
        ]
        numbers = [_number_columns(term, matrix[:, i]) for i, term in enumerate(terms)]
        solution = fit_logistic(
            np.column_stack([np.empty((len(y), 0)), *numbers]),
            y,
            weight=weight,
            offset=offset,
            indicators=_indicators(terms, matrix),
            penalty=penalty,
        ).tolist()
        of_numbers = iter(solution[1:])
        of_texts = iter(solution[1 + sum(block.shape[1] for block in numbers) :])
        intercept = solution[0]
        fitted: list[NumberTerm | TextTerm] = []
        for position, (term, block) in enumerate(zip(terms, numbers, strict=True)):
            if isinstance(term, TextTerm):
                found = np.fromiter(islice(of_texts, len(term.by_code)), dtype=np.float64)
                centred, usual = _centred(found, matrix[:, position], weight)
                fitted.append(TextTerm(tuple(centred.tolist())))
                intercept += usual
            else:
                fitted.append(term.with_coefficients(*islice(of_numbers, block.shape[1])))
        return cls(intercept, tuple(fitted))

    def log_odds(self, matrix: FloatArray) -> FloatArray:
        """Return the log-odds of each row of an encoded matrix."""
        total = np.full(len(matrix), self.intercept)
        for position, term in enumerate(self.terms):
            total += term(matrix[:, position])
        return total

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each column adds to each row's log-odds, of shape (n, n_columns)."""
        return np.column_stack([term(matrix[:, i]) for i, term in enumerate(self.terms)])

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""
        return {
            "intercept": self.intercept,
            "terms": [
                {"by_code": list(term.by_code)} if isinstance(term, TextTerm) else asdict(term)
                for term in self.terms
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Restore a fitted model."""
        terms = (
            TextTerm(tuple(term["by_code"])) if "by_code" in term else NumberTerm(**term)
            for term in document["terms"]
        )
        return cls(document["intercept"], tuple(terms))


def _number_columns(term: NumberTerm | TextTerm, values: FloatArray) -> FloatArray:
    """Columns of a number: itself and, if any is missing, whether it is; none of a text."""
    if isinstance(term, TextTerm):
        return np.empty((len(values), 0))
    gaps = np.isnan(values)
    columns = [term.standardised(values), gaps] if gaps.any() else [term.standardised(values)]
    return np.column_stack(columns)


def _indicators(terms: Sequence[NumberTerm | TextTerm], matrix: FloatArray) -> Any:
    """One sparse column per code of each text; none where there is no text."""
    from scipy.sparse import csr_array

    texts = [(i, len(t.by_code)) for i, t in enumerate(terms) if isinstance(t, TextTerm)]
    if not texts:
        return None
    positions, sizes = zip(*texts, strict=True)
    first = np.cumsum((0, *sizes))
    columns = (matrix[:, list(positions)].astype(np.int64) + first[:-1]).ravel()
    row_ends = np.arange(len(matrix) + 1) * len(texts)
    shape = (len(matrix), int(first[-1]))
    return csr_array((np.ones(columns.size), columns, row_ends), shape=shape)


def _centred(
    by_code: FloatArray, codes: FloatArray, weight: FloatArray
) -> tuple[FloatArray, float]:
    """Return coefficients about their mean over the rows, and that mean.

    A code that no row had contributes nothing: it is scored as the average of all.
    """
    mass = np.bincount(codes.astype(np.int64), weight, minlength=by_code.size)
    usual = float(mass @ by_code / mass.sum())
    return np.where(mass > 0, by_code - usual, 0.0), usual


def scaled(values: FloatArray) -> NumberTerm:
    """Learn limits, log and scale of a number; coefficients follow."""
    known = values[~np.isnan(values)]
    if not known.size:
        return NumberTerm(0.0, 0.0, logged=False, mean=0.0, scale=1.0)
    low, high = np.quantile(known, CUT).tolist()
    if low == high:  # nearly constant: the few other values are all there is to learn from
        low, high = float(known.min()), float(known.max())
    inside = np.clip(known, low, high)
    logged = bool(abs(_skewness(_logged(inside))) < abs(_skewness(inside)))
    inside = _logged(inside) if logged else inside
    scale = float(inside.std())
    return NumberTerm(low, high, logged, float(inside.mean()), scale if scale > 0 else 1.0)


def _logged(values: FloatArray) -> FloatArray:
    return np.copysign(np.log1p(np.abs(values)), values)


def _skewness(values: FloatArray) -> float:
    deviation = values - values.mean()
    spread = float(np.mean(deviation**2)) ** 1.5
    return float(np.mean(deviation**3)) / spread if spread > 0 else 0.0
