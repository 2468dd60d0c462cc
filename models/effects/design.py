"""Was the draw fair? Checks that come before anything is learned from an experiment.

Each check returns a `Check`: what was found, what a fair draw would have shown, and whether
the two agree. `check_design` runs all that the data allow.
"""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.learners.encoder import FIRST, FrameEncoder
from models.learners.frame import FloatArray, as_frame
from models.learners.line_design import LineDesign
from models.learners.lines import fit_line
from models.learners.trial import TrialError

#: Probability below which a deviation is not taken for chance: designs are checked often,
#: and a false alarm stops a campaign.
ALARM = 0.001
#: Standardised mean difference above which an arm is not alike for a marketer's purposes.
UNLIKE = 0.1


class Check(NamedTuple):
    """One check of a design."""

    name: str
    passed: bool
    found: float
    expected: float
    p_value: float
    message: str


def sample_ratio(arm: ArrayLike, shares: Mapping[str, float]) -> Check:
    """Test whether arms have the sizes that the draw was to give them (chi-squared).

    A failed test means that customers were lost, or counted twice, after the draw; no
    figure from such an experiment can be trusted, however small the difference looks.

    Parameters
    ----------
    arm : array-like of shape (n,)
        The arm of each customer.
    shares : mapping
        Intended share of each arm; they sum to one.

    Returns
    -------
    Check
        `found` and `expected` are the observed and intended share of the arm furthest off.

    Raises
    ------
    TrialError
        If an arm has no share, or the shares do not sum to one.

    Examples
    --------
    >>> sample_ratio(["a"] * 500 + ["b"] * 500, {"a": 0.5, "b": 0.5}).passed
    True
    >>> sample_ratio(["a"] * 600 + ["b"] * 400, {"a": 0.5, "b": 0.5}).passed
    False
    """
    from scipy.stats import chi2

    drawn, counts = np.unique(np.asarray(arm).astype(str), return_counts=True)
    names: list[str] = drawn.tolist()
    shares = {str(name): float(share) for name, share in shares.items()}
    unknown = sorted(set(names) - set(shares))
    total = sum(shares.values())
    if unknown or abs(total - 1) > ALARM:
        raise TrialError(
            f"shares sum to {total:.4g} and lack {unknown or 'no arm'}; give each arm the share "
            f"that the draw intended, so that they sum to one"
        )
    observed = dict(zip(names, counts, strict=True))
    n = int(counts.sum())
    expected = {name: n * share for name, share in shares.items() if share > 0}
    off = {name: (observed.get(name, 0) - e) / math.sqrt(e) for name, e in expected.items()}
    p = float(chi2.sf(sum(v**2 for v in off.values()), len(expected) - 1))
    worst = max(off, key=lambda name: abs(off[name]))
    found, wanted = observed.get(worst, 0) / n, expected[worst] / n
    return Check(
        "sample ratio",
        p >= ALARM,
        found,
        wanted,
        p,
        f"arm {worst!r} holds {found:.4g} of the customers, {wanted:.4g} were intended",
    )


def covariate_balance(X: Any, arm: ArrayLike, *, control: str) -> pd.DataFrame:
    """Compare every column (each value of a text, and missing) between arms.

    Parameters
    ----------
    X : DataFrame of shape (n, n_columns)
        What was known before the draw.
    arm : array-like of shape (n,)
        The arm of each customer.
    control : str
        Name of the control arm.

    Returns
    -------
    DataFrame
        `arm`, `column`, `value` (of a text, else `mean` or `missing`), `treated`, `control`
        (means), `difference` (standardised: in standard deviations), `p_value`; the
        largest differences first.

    Examples
    --------
    >>> table = covariate_balance({"age": [1.0, 2, 3, 4]}, ["a", "no", "a", "no"], control="no")
    >>> table[["arm", "column", "treated", "control"]].values.tolist()
    [['a', 'age', 2.0, 3.0]]
    """
    frame = as_frame(pd.DataFrame(X))
    names = np.asarray(arm).astype(str)
    if control not in names:
        raise TrialError(f"no customer is in the control arm {control!r}")
    encoder = FrameEncoder(min_rows=1, max_levels=50).fit(frame)
    matrix = encoder.transform(frame)
    rows = []
    for position, column in enumerate(encoder.columns):
        values = matrix[:, position]
        if column.kind == "text":
            parts = {level: values == FIRST + code for code, level in enumerate(column.levels)}
            parts["missing"] = values == 0
        else:
            parts = {"mean": values, "missing": np.isnan(values)}
        for value, part in parts.items():
            for name in sorted(set(names.tolist()) - {control}):
                found = _compared(part.astype(np.float64), names == name, names == control)
                if found is not None:
                    rows.append({"arm": name, "column": column.name, "value": value, **found})
    table = pd.DataFrame(rows)
    return table.sort_values("difference", key=abs, ascending=False, ignore_index=True)


def _compared(
    values: FloatArray, treated: np.ndarray, control: np.ndarray
) -> dict[str, float] | None:
    """Return means, standardised difference and p; nothing for a column that never varies."""
    own, other = values[treated & ~np.isnan(values)], values[control & ~np.isnan(values)]
    if len(own) < 2 or len(other) < 2 or np.ptp(np.concatenate([own, other])) == 0:  # noqa: PLR2004 - a variance
        return None
    gap = float(own.mean() - other.mean())
    spread = math.sqrt((own.var(ddof=1) + other.var(ddof=1)) / 2)
    error = math.sqrt(own.var(ddof=1) / len(own) + other.var(ddof=1) / len(other))
    return {
        "treated": float(own.mean()),
        "control": float(other.mean()),
        "difference": gap / spread if spread else math.copysign(math.inf, gap),
        "p_value": _two_sided(gap / error) if error else 0.0,
    }


def propensity_auc(X: Any, arm: ArrayLike, *, control: str, folds: int = 5, seed: int = 0) -> Check:
    """Try to tell treated from control by what was known before; a fair draw gives 0.5.

    A logistic regression is fitted crosswise. It sees combinations of columns that the
    balance table, column by column, does not.

    Parameters
    ----------
    X, arm, control
        As in `covariate_balance`.
    folds : int
        Parts for cross-fitting.
    seed : int
        Chooses the parts.

    Returns
    -------
    Check
        `found` is the area under the curve on held-out rows. Only an area above 0.5 fails.
    """
    from models.measures import roc_auc

    frame = as_frame(X)
    treated = (np.asarray(arm).astype(str) != control).astype(np.float64)
    encoder = FrameEncoder().fit(frame)
    matrix = encoder.transform(frame)
    design = LineDesign.fit(matrix, encoder.columns).transform(matrix)
    part = np.random.default_rng(seed).permutation(len(treated)) % folds
    score = np.zeros(len(treated))
    for fold in range(folds):
        seen = part != fold
        line = fit_line(design[seen], treated[seen], logistic=True, ridge=1.0)
        score[~seen] = design[~seen] @ line[1:]
    area = roc_auc(treated, score)
    n, ones = len(treated), float(treated.sum())
    error = math.sqrt((n + 1) / (12 * ones * (n - ones)))  # of Mann and Whitney, under chance
    p = 1 - NormalDist().cdf((area - 0.5) / error)
    return Check(
        "propensity AUC",
        p >= ALARM,
        float(area),
        0.5,
        p,
        f"columns known before the draw tell treated from control with an AUC of {area:.3f}",
    )


def placebo(before: ArrayLike, arm: ArrayLike, *, control: str) -> list[Check]:
    """Compare an outcome of the time before the draw, where no arm can have had an effect.

    Parameters
    ----------
    before : array-like of shape (n,)
        The outcome in a period that ended before the draw, such as last year's spend.
    arm, control
        As in `covariate_balance`.

    Returns
    -------
    list of Check
        One per treated arm; `found` is the difference in means.
    """
    values = np.asarray(before, dtype=np.float64)
    names = np.asarray(arm).astype(str)
    checks = []
    for name in sorted(set(names.tolist()) - {control}):
        own, other = values[names == name], values[names == control]
        gap = float(own.mean() - other.mean())
        error = math.sqrt(own.var(ddof=1) / len(own) + other.var(ddof=1) / len(other))
        p = _two_sided(gap / error) if error else 1.0
        message = f"before the draw, arm {name!r} already differed from the control by {gap:.4g}"
        checks.append(Check(f"placebo {name}", p >= ALARM, gap, 0.0, p, message))
    return checks


def check_design(
    X: Any,
    arm: ArrayLike,
    *,
    control: str,
    shares: Mapping[str, float] | None = None,
    before: ArrayLike | None = None,
    seed: int = 0,
) -> list[Check]:
    """Run every check that the data allow.

    Parameters
    ----------
    X, arm, control
        As in `covariate_balance`.
    shares : mapping, optional
        Intended share of each arm; without it there is no sample-ratio test.
    before : array-like of shape (n,), optional
        An outcome of the time before; without it there is no placebo.
    seed : int
        Chooses parts for cross-fitting.

    Returns
    -------
    list of Check
        The balance check fails if a column differs both visibly (by 0.1 standard
        deviations) and by more than chance, given how many columns there are.
    """
    checks = [] if shares is None else [sample_ratio(arm, shares)]
    table = covariate_balance(X, arm, control=control)
    if len(table):
        worst = table.iloc[0]
        p = min(1.0, float(worst["p_value"]) * len(table))  # Bonferroni
        size = abs(float(worst["difference"]))
        message = (
            f"column {worst['column']} ({worst['value']}) of arm {worst['arm']!r} is {size:.3f} "
            f"standard deviations off the control"
        )
        passed = p >= ALARM or size < UNLIKE
        checks.append(Check("covariate balance", passed, size, 0.0, p, message))
    checks.append(propensity_auc(X, arm, control=control, seed=seed))
    return checks + ([] if before is None else placebo(before, arm, control=control))


def _two_sided(z: float) -> float:
    return 2 * (1 - NormalDist().cdf(abs(z)))
