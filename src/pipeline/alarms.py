"""Leak alarms that run with every training: signs that a model has seen what it cannot know.

A leak makes every other figure better, so none of them gives it away. These look for it:

- *columns*: no feature by itself tells the outcome better than a declared limit;
- *dominance*: taken away, no column costs the learner more of its area than a declared limit.
  What is known in advance is known several times over (recency is in every count of the last
  month); what was written down afterwards stands alone, such as how long the call lasted;
- *periods*: rows to be scored look like the newest rows with labels. A column that is filled
  in later, or in another unit since, differs. So do, by nature, all that count since the data
  began: three months apart, invoices of Online Retail are told apart with an area of 0.83;
- *permuted labels*: the same learner, taught shuffled labels, tells the shuffled labels of
  the test rows no better than chance. Equal rows keep equal labels, so that it rings where
  test rows are among the rows that were learned from;
- *late rows*: no row that a snapshot counts happened, or was known, after its cut-off;
- *gap*: outcomes lie in the declared window, which closes before the next role's cut-off.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from features.definition import Unit
from models.definition import AnyModel
from models.learning import Classifier
from models.measures import roc_auc
from models.measures.adversarial import adversarial_auc
from models.measures.column_auc import column_auc
from models.measures.null_auc import null_auc
from pipeline.cutoffs import Cutoffs
from pipeline.examples import Examples, together
from pipeline.labels import read_label_manifest
from pipeline.planned import Planned
from pipeline.project import OutcomeWindow
from pipeline.snapshot_store import read_manifest

#: Rows of each side that are looked at: more cost seconds and tell no more.
MOST_ROWS = 20_000

_JUDGED = "judged"

#: How many of the columns that stand out most are named.
NAMED = 3


class Alarm(BaseModel):
    """One leak check, and whether it rings.

    Attributes
    ----------
    name : str
        Which check.
    found : float
        The figure that decided it.
    low, high : float, optional
        Where it had to lie; no bound where missing.
    suspects : dict
        What is at fault if it rings: columns, or cut-offs, with their own figures.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    found: float
    low: float | None = None
    high: float | None = None
    suspects: dict[str, float] = {}

    @property
    def rings(self) -> bool:
        """Whether the figure lies out of bounds."""
        below = self.low is not None and self.found < self.low
        return below or (self.high is not None and self.found > self.high)

    @property
    def expected(self) -> str:
        """Return in words where the figure had to lie."""
        if self.low is None:
            return f"at most {self.high:g}"
        if self.high is None:
            return f"at least {self.low:g}"
        return f"in [{self.low:.4g}, {self.high:.4g}]"

    def title(self) -> str:
        """Return the check, and by name what is at fault if it rings."""
        named = ", ".join(f"{name} ({figure:.4g})" for name, figure in self.suspects.items())
        return f"leak check {self.name}" + (f": {named}" if self.rings and named else "")


def columns_alarm(*periods: Examples, limit: float, seed: int) -> Alarm:
    """Ring if a single column tells the outcome of some period too well.

    A column that was overwritten with what happened later knows most of the newest rows: a
    leak that stands out there is diluted among all rows that were learned from.
    """
    areas = pd.concat([column_auc(rows.y, rows.X, seed=seed) for rows in periods])
    found = areas.groupby(level=0).max().sort_values(ascending=False)
    suspects = {str(name): float(area) for name, area in found[found > limit].items()}
    return Alarm(name="columns", found=float(found.max()), high=limit, suspects=suspects)


def dominance_alarm(
    fit: Callable[..., Classifier],
    *,
    learning: Mapping[str, Examples],
    test: Examples,
    limit: float,
    seed: int,
) -> Alarm:
    """Ring if a learner without the column that tells most by itself tells far less.

    The figure is the fall of the ROC-AUC on the test rows; arguments are those of
    `permuted_alarm`. Of a model with one column nothing would be left, and the column is
    judged by `columns_alarm` alone: the figure is 0.
    """
    rows = together(*learning.values())
    if rows.X.shape[1] == 1:
        return Alarm(name="dominance", found=0.0, high=limit)
    (most,) = column_auc(rows.y, rows.X, seed=seed).head(1).index

    def area(roles: Mapping[str, Examples], judged: Examples) -> float:
        said = fit(**roles, seed=seed).predict_proba(judged.X)[:, 1]
        return float(roc_auc(judged.y, said))

    without = {role: _without(most, one) for role, one in learning.items()}
    fall = area(learning, test) - area(without, _without(most, test))
    return Alarm(name="dominance", found=fall, high=limit, suspects={str(most): fall})


def periods_alarm(
    labelled: Examples, *, scored: pd.DataFrame, customers: pd.Series, limit: float, seed: int
) -> Alarm:
    """Ring if rows to be scored can be told from rows with labels.

    The suspects are the columns that tell them apart best by themselves. Columns in which
    everybody has the same value, as the days to a festival, tell the cut-offs and no rows
    apart; they are not looked at.
    """
    X = pd.concat([labelled.X, scored], ignore_index=True)
    X = X[[name for name in X if max(labelled.X[name].nunique(), scored[name].nunique()) > 1]]
    is_scored = np.repeat([0, 1], [len(labelled.X), len(scored)])
    groups = pd.concat([labelled.keys["customer_id"], customers], ignore_index=True)
    area = adversarial_auc(X, is_scored, groups=groups.to_numpy(), seed=seed)
    most = column_auc(is_scored, X, seed=seed).head(NAMED)
    suspects = {str(name): float(one) for name, one in most.items()}
    return Alarm(name="periods", found=area, high=limit, suspects=suspects)


def permuted_alarm(
    fit: Callable[..., Classifier],
    *,
    learning: Mapping[str, Examples],
    test: Examples,
    level: float,
    seed: int,
) -> Alarm:
    """Ring if a learner that was taught shuffled labels tells those of the test rows.

    Parameters
    ----------
    fit : callable
        Takes the rows by role and a seed, as training does.
    learning : mapping of str to Examples
        Rows to learn from, by role.
    test : Examples
        Rows to be judged on.
    level : float
        Of the interval in which the area of a score that knows nothing lies.
    seed : int
        Shuffles.
    """
    shuffled = _shuffled({**learning, _JUDGED: test}, seed=seed)
    judged = shuffled.pop(_JUDGED)
    learner = fit(**shuffled, seed=seed)
    area = float(roc_auc(judged.y, learner.predict_proba(judged.X)[:, 1]))
    positives = int(judged.y.sum())
    low, high = null_auc(positives, len(judged.y) - positives, level=level)
    return Alarm(name="permuted labels", found=area, low=low, high=high)


def late_alarm(artifacts: Path, unit: Unit, cutoffs: Planned) -> Alarm:
    """Ring if a snapshot counts a row that was known, or happened, on its cut-off or later.

    The figure is the smallest number of days by which rows come before their cut-off.
    """
    days = {
        f"{grain} at {as_of}": float((pd.Timestamp(as_of) - pd.Timestamp(newest)).days)
        for as_of in (*cutoffs.labelled, cutoffs.score)
        for grain, newest in read_manifest(artifacts, unit, as_of)["newest"].items()
        if newest is not None
    }
    return _days_alarm("late rows", days, least=1)


def gap_alarm(artifacts: Path, model: AnyModel, cutoffs: Cutoffs, window: OutcomeWindow) -> Alarm:
    """Ring if an outcome lies outside of its window, or a window reaches into the next role.

    The figure is the smallest number of days by which all of them keep their distance.
    """
    return _days_alarm("gap", dict(_distances(artifacts, model, cutoffs, window)), least=0)


def sampled(rows: Examples, *, most: int = MOST_ROWS, seed: int) -> Examples:
    """Return at most so many rows, drawn at random and in their old order."""
    if len(rows.y) <= most:
        return rows
    drawn = np.sort(np.random.default_rng(seed).choice(len(rows.y), most, replace=False))
    return rows.at(drawn)


def _without(column: str, rows: Examples) -> Examples:
    return rows._replace(X=rows.X.drop(columns=column))


def _shuffled(roles: Mapping[str, Examples], *, seed: int) -> dict[str, Examples]:
    """Deal the labels out anew among all rows; the same row of the same customer keeps one."""
    everything = [rows.keys.join(rows.X) for rows in roles.values()]
    hashes = pd.util.hash_pandas_object(pd.concat(everything), index=False)
    row, different = pd.factorize(hashes)
    labels = np.zeros(len(different), dtype=np.int8)
    labels[row] = np.concatenate([rows.y for rows in roles.values()])
    dealt = np.random.default_rng(seed).permutation(labels)[row]
    ends = np.cumsum([len(rows.y) for rows in roles.values()])[:-1]
    return {
        role: rows._replace(y=y)
        for (role, rows), y in zip(roles.items(), np.split(dealt, ends), strict=True)
    }


def _days_alarm(name: str, days: Mapping[str, float], *, least: int) -> Alarm:
    suspects = {subject: found for subject, found in days.items() if found < least}
    return Alarm(name=name, found=min(days.values()), low=least, suspects=suspects)


def _distances(
    artifacts: Path, model: AnyModel, cutoffs: Cutoffs, window: OutcomeWindow
) -> Iterator[tuple[str, float]]:
    roles = (*((day, cutoffs.tune) for day in cutoffs.train), (cutoffs.tune, cutoffs.calibrate))
    later = ((cutoffs.calibrate, cutoffs.test), (cutoffs.test, cutoffs.score))
    for as_of, following in (*roles, *later):
        opens = as_of + timedelta(days=window.gap_days)
        closes = opens + timedelta(days=window.horizon_days)
        yield f"window of {as_of}", (following - closes).days
        manifest: dict[str, Any] = read_label_manifest(artifacts, model.name, as_of)
        if manifest["first_outcome"] is not None:
            first = pd.Timestamp(manifest["first_outcome"]).date()
            last = pd.Timestamp(manifest["last_outcome"]).date()
            yield f"first outcome after {as_of}", (first - opens).days
            yield f"last outcome after {as_of}", (closes - last).days - 1
