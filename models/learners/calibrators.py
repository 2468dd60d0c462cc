"""Monotone maps from a raw score in log-odds to a probability that can be counted on.

`calibrate` fits one of them on rows that the score has not seen. Two have a formula and
few parameters; isotonic regression has as many as the data ask for, ties the ranking in
steps, and pays only where positives are plenty.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from models.learners.frame import FloatArray, FrameError
from models.learners.newton import fit_logistic

Calibration = Literal["auto", "beta", "platt", "isotonic", "none"]

#: Isotonic regression enters the choice above this many positives; below, it costs log loss.
ISOTONIC_POSITIVES = 2000
#: Probabilities are kept this far from 0 and 1 on the way to log-odds.
FLOOR = 1e-9
FOLDS = 5
#: Platt's slope stays at least here. Calibration rows in which the score ranks no better
#: than chance flatten the promise, but must not erase the order that training found.
LEAST_SLOPE = 0.1


class Calibrator(Protocol):
    """A monotone map from raw log-odds to log-odds."""

    def __call__(self, raw: FloatArray) -> FloatArray:
        """Return calibrated log-odds."""

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""


@dataclass(frozen=True)
class Identity:
    """Leaves the score as it is."""

    def __call__(self, raw: FloatArray) -> FloatArray:
        """Return `raw`."""
        return raw

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""
        return {"kind": "none"}


@dataclass(frozen=True)
class Platt:
    r"""Stretches and shifts the log-odds: :math:`a + b s`.

    References
    ----------
    .. [1] Platt, J. (1999). Probabilistic outputs for support vector machines. Advances in
       Large Margin Classifiers, 61-74.
    """

    intercept: float
    slope: float

    def __call__(self, raw: FloatArray) -> FloatArray:
        """Return calibrated log-odds."""
        return self.intercept + self.slope * raw

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""
        return {"kind": "platt", "intercept": self.intercept, "slope": self.slope}


@dataclass(frozen=True)
class Beta:
    r"""Stretches the two tails separately: :math:`c + a \log p - b \log(1 - p)`.

    With a = b it is Platt's map; a and b are at least 0, so that it is monotone, and drawn
    towards 1, which leaves the score as it is.

    References
    ----------
    .. [1] Kull, M., Silva Filho, T. and Flach, P. (2017). Beta calibration. AISTATS,
       PMLR 54, 623-631.
    """

    a: float
    b: float
    c: float

    def __call__(self, raw: FloatArray) -> FloatArray:
        """Return calibrated log-odds."""
        return self.c + self.a * log_expit(raw) - self.b * log_expit(-raw)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""
        return {"kind": "beta", "a": self.a, "b": self.b, "c": self.c}


@dataclass(frozen=True)
class Isotonic:
    """The monotone step function that fits best, joined by straight lines.

    References
    ----------
    .. [1] Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate
       multiclass probability estimates. KDD, 694-699.
    """

    raw: tuple[float, ...]
    probability: tuple[float, ...]

    def __call__(self, raw: FloatArray) -> FloatArray:
        """Return calibrated log-odds."""
        return logit(np.interp(raw, self.raw, self.probability))

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` needs."""
        return {
            "kind": "isotonic",
            "raw": list(self.raw),
            "probability": list(self.probability),
        }


def calibrate(
    raw: FloatArray,
    y: FloatArray,
    *,
    method: Calibration = "auto",
    weight: FloatArray | None = None,
    offset: FloatArray | None = None,
    seed: int = 0,
) -> Calibrator:
    """Fit a calibrator on rows that the raw score has not seen.

    Parameters
    ----------
    raw : array of shape (n,)
        Scores in log-odds.
    y : array of shape (n,)
        Outcomes, 0 or 1.
    method : str
        `"auto"` takes beta, unless Platt or (above 2,000 positives) isotonic has the lower
        log loss on held-out fifths of these rows.
    weight : array of shape (n,), optional
        How often each row counts.
    offset : array of shape (n,), optional
        Log-odds that are added by the way rows were sampled: -log(r) where a share r of the
        negatives was kept. The calibrator gives the log-odds without it.
    seed : int
        Decides the fifths.

    Raises
    ------
    FrameError
        If `method` is unknown.
    """
    weights = np.ones_like(raw) if weight is None else weight
    offsets = np.zeros_like(raw) if offset is None else offset
    rows = _Rows(raw, y, weights, offsets)
    if method != "auto":
        if method not in _FITTERS:
            raise FrameError(
                f"calibration is {method!r}, but has to be one of auto, {', '.join(_FITTERS)}"
            )
        return _FITTERS[method](rows)
    names = ["beta", "platt"]
    if y.sum() > ISOTONIC_POSITIVES:
        names.append("isotonic")
    losses = {name: _held_out_loss(_FITTERS[name], rows, seed) for name in names}
    return _FITTERS[min(names, key=lambda name: losses[name])](rows)


def from_json(document: Mapping[str, Any]) -> Calibrator:
    """Restore a calibrator from its `to_json`."""
    values = {key: value for key, value in document.items() if key != "kind"}
    if document["kind"] == "isotonic":
        return Isotonic(tuple(values["raw"]), tuple(values["probability"]))
    kinds: dict[str, Callable[..., Calibrator]] = {"none": Identity, "platt": Platt, "beta": Beta}
    return kinds[document["kind"]](**values)


def expit(x: FloatArray) -> FloatArray:
    """Return probabilities from log-odds."""
    return np.exp(log_expit(x))


def log_expit(x: FloatArray) -> FloatArray:
    """Return the logarithm of `expit(x)`, exact at both ends."""
    smaller: FloatArray = -np.logaddexp(0, -x)
    return smaller


def logit(p: FloatArray) -> FloatArray:
    """Return log-odds; probabilities nearer than 1e-9 to an end are moved there."""
    inside = np.clip(p, FLOOR, 1 - FLOOR)
    log_odds: FloatArray = np.log(inside) - np.log1p(-inside)
    return log_odds


@dataclass(frozen=True)
class _Rows:
    raw: FloatArray
    y: FloatArray
    weight: FloatArray
    offset: FloatArray

    def at(self, chosen: Any) -> "_Rows":
        return _Rows(self.raw[chosen], self.y[chosen], self.weight[chosen], self.offset[chosen])


def _held_out_loss(fit: Callable[[_Rows], Calibrator], rows: _Rows, seed: int) -> float:
    """Log loss of a calibrator on the fifths that it was not fitted on."""
    fold = np.empty(rows.y.size, dtype=int)
    random = np.random.default_rng(seed)
    for outcome in (0, 1):
        of_outcome = np.flatnonzero(rows.y == outcome)
        fold[random.permutation(of_outcome)] = np.arange(of_outcome.size) % FOLDS
    loss = 0.0
    for number in range(FOLDS):
        held = rows.at(fold == number)
        log_odds = fit(rows.at(fold != number))(held.raw) + held.offset
        loss -= float(held.weight @ log_expit(np.where(held.y == 1, log_odds, -log_odds)))
    return loss


def _identity(_: _Rows) -> Calibrator:
    return Identity()


def _platt(rows: _Rows) -> Calibrator:
    columns = rows.raw[:, None]
    intercept, slope = fit_logistic(columns, rows.y, weight=rows.weight, offset=rows.offset)
    if slope >= LEAST_SLOPE:
        return Platt(float(intercept), float(slope))
    flat = rows.offset + LEAST_SLOPE * rows.raw
    intercept = fit_logistic(columns * 0, rows.y, weight=rows.weight, offset=flat)[0]
    return Platt(float(intercept), LEAST_SLOPE)


def _beta(rows: _Rows) -> Calibrator:
    tails = np.column_stack([log_expit(rows.raw), -log_expit(-rows.raw)])
    # What is fitted is how far a and b lie from 1, with a prior deviation of 1. Rare
    # outcomes hardly show the tail of certainty, and scores of later campaigns lie there.
    c, a, b = fit_logistic(
        tails, rows.y, weight=rows.weight, offset=rows.offset + rows.raw, penalty=1.0
    )
    if min(a, b) < -1:  # a falling tail
        return _platt(rows)
    return Beta(1 + float(a), 1 + float(b), float(c))


def _isotonic(rows: _Rows) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    # Kept negatives stand for those that were dropped: they count 1 / r times.
    weight = rows.weight * np.where(rows.y == 0, np.exp(rows.offset), 1)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(rows.raw, rows.y, sample_weight=weight)
    # An end without a positive (or negative) row is rare, not impossible.
    floor = 1 / (2 * weight.sum())
    probability = np.clip(fitted.y_thresholds_, floor, 1 - floor)
    return Isotonic(tuple(fitted.X_thresholds_.tolist()), tuple(probability.tolist()))


_FITTERS: dict[str, Callable[[_Rows], Calibrator]] = {
    "beta": _beta,
    "platt": _platt,
    "isotonic": _isotonic,
    "none": _identity,
}
