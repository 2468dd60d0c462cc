"""Fitted functions of a customer, and weighted sums of them.

Every learner of effects ends as a weighted sum of such surfaces: T is the outcome with
treatment less the outcome without, S is one surface read at two arms, X mixes two effect
surfaces by the chance to be treated. A stack of learners is again such a sum. That keeps
prediction, reasons and saving in one place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.learners.frame import FloatArray
from models.learners.quickscorer import summed

_TINY = 1e-9


class Encoded(NamedTuple):
    """Rows in both forms: codes for trees, standardised columns for lines."""

    matrix: FloatArray
    line: FloatArray

    def at(self, rows: Any) -> "Encoded":
        """Return some of the rows."""
        return Encoded(self.matrix[rows], self.line[rows])


@dataclass(frozen=True)
class LineSurface:
    """A linear function, passed through the logistic curve where outcomes are 0 and 1."""

    intercept: float
    coefficients: FloatArray
    logistic: bool

    def values(self, rows: Encoded) -> FloatArray:
        """Return the expected outcome, or effect, of each row."""
        raw = self.intercept + rows.line @ self.coefficients
        return _curve(raw) if self.logistic else raw

    def parts(self, rows: Encoded, source: NDArray[np.int64]) -> FloatArray:
        """Return what each encoded column adds, and the rest in a last column."""
        parts = np.zeros((len(rows.line), rows.matrix.shape[1] + 1))
        for position, (column, weight) in enumerate(zip(source, self.coefficients, strict=True)):
            parts[:, column] += rows.line[:, position] * weight
        parts[:, -1] = self.intercept
        return _through_curve(parts) if self.logistic else parts

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""
        return {
            "intercept": self.intercept,
            "coefficients": self.coefficients.tolist(),
            "logistic": self.logistic,
        }


@dataclass(frozen=True)
class TreeSurface:
    """Boosted trees, at given values of columns beyond the encoded ones (who was treated)."""

    booster: Any
    given: tuple[float, ...]
    logistic: bool
    threads: int

    def at(self, given: tuple[float, ...]) -> "TreeSurface":
        """Return the same trees at given values of the columns beyond the encoded ones."""
        return TreeSurface(self.booster, given, self.logistic, self.threads)

    def values(self, rows: Encoded) -> FloatArray:
        """Return the expected outcome, or effect, of each row."""
        raw = summed(self.booster, self._with_given(rows), threads=self.threads)
        return _curve(raw) if self.logistic else raw

    def parts(self, rows: Encoded, source: NDArray[np.int64]) -> FloatArray:  # noqa: ARG002 - as lines
        """Return what each encoded column adds, and the rest in a last column."""
        raw = self.booster.predict(
            self._with_given(rows), pred_contrib=True, num_threads=self.threads
        )
        width = rows.matrix.shape[1]
        parts = np.column_stack([raw[:, :width], raw[:, width:].sum(axis=1)])
        return _through_curve(parts) if self.logistic else parts

    def _with_given(self, rows: Encoded) -> FloatArray:
        if not self.given:
            return rows.matrix
        given = np.broadcast_to(self.given, (len(rows.matrix), len(self.given)))
        return np.hstack([rows.matrix, given])


Surface = LineSurface | TreeSurface


@dataclass(frozen=True)
class Sum:
    """A weighted sum of surfaces."""

    terms: tuple[tuple[float, Surface], ...]

    def values(self, rows: Encoded) -> FloatArray:
        """Return the sum for each row."""
        total = np.zeros(len(rows.matrix))
        for weight, surface in self.terms:
            total += weight * surface.values(rows)
        return total

    def parts(self, rows: Encoded, source: NDArray[np.int64]) -> FloatArray:
        """Return what each encoded column adds, and the rest in a last column."""
        total = np.zeros((len(rows.matrix), rows.matrix.shape[1] + 1))
        for weight, surface in self.terms:
            total += weight * surface.parts(rows, source)
        return total

    def times(self, factor: float) -> "Sum":
        """Return the sum times a number."""
        return Sum(tuple((weight * factor, surface) for weight, surface in self.terms))

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.terms + other.terms)

    def __sub__(self, other: "Sum") -> "Sum":
        return self + other.times(-1)


def alone(surface: Surface) -> Sum:
    """Return a surface as a sum of its own."""
    return Sum(((1.0, surface),))


class Reading:
    """Reads sums on one set of rows; a surface that occurs in several is read once."""

    def __init__(self, rows: Encoded) -> None:
        self._rows = rows
        self._known: dict[int, tuple[Surface, FloatArray]] = {}

    def __call__(self, total: Sum) -> FloatArray:
        """Return the sum for each row."""
        result = np.zeros(len(self._rows.matrix))
        for weight, surface in total.terms:
            if id(surface) not in self._known:
                # The surface is kept as well, so that its id stays its own.
                self._known[id(surface)] = surface, surface.values(self._rows)
            result += weight * self._known[id(surface)][1]
        return result


class Shelf:
    """Boosters by number, so that those used twice are written once."""

    def __init__(self, boosters: Sequence[Any] = ()) -> None:
        self.boosters = list(boosters)

    def to_json(self, total: Sum) -> list[dict[str, Any]]:
        """Return the terms of a sum; boosters go on the shelf."""
        return [{"weight": weight, **self._described(surface)} for weight, surface in total.terms]

    def from_json(self, terms: Sequence[Mapping[str, Any]], *, threads: int) -> Sum:
        """Restore a sum whose boosters are on the shelf."""
        return Sum(tuple((term["weight"], self._restored(term, threads)) for term in terms))

    def _described(self, surface: Surface) -> dict[str, Any]:
        if isinstance(surface, LineSurface):
            return surface.to_json()
        known = [i for i, booster in enumerate(self.boosters) if booster is surface.booster]
        if not known:
            self.boosters.append(surface.booster)
        return {
            "booster": known[0] if known else len(self.boosters) - 1,
            "given": list(surface.given),
            "logistic": surface.logistic,
        }

    def _restored(self, term: Mapping[str, Any], threads: int) -> Surface:
        if "booster" in term:
            booster = self.boosters[term["booster"]]
            return TreeSurface(booster, tuple(term["given"]), term["logistic"], threads)
        return LineSurface(term["intercept"], np.array(term["coefficients"]), term["logistic"])


def _curve(raw: Any) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.clip(raw, -700, 700))))


def _through_curve(parts: FloatArray) -> FloatArray:
    """Turn additive log-odds into additive probabilities.

    The whole way from the base to the row, in probability, is shared out in proportion to
    the log-odds each column adds: along the straight line from one to the other that is
    what each column does (the Aumann-Shapley value of a line through a curve).
    """
    base = parts[:, -1]
    whole = parts.sum(axis=1) - base
    start = _curve(base)
    moved = _curve(base + whole) - start
    steep = start * (1 - start)
    rate = np.where(np.abs(whole) > _TINY, moved / np.where(whole == 0, 1, whole), steep)
    scaled = parts * rate[:, None]
    scaled[:, -1] = start
    return scaled
