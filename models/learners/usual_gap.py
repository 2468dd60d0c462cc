"""How long a customer usually waits: drawn from own gaps, from other categories, from everybody."""

from collections.abc import Mapping
from typing import NamedTuple, Self

import numpy as np
import pandas as pd

#: What `UsualGap` reads; see `pipeline.timing.rows.timing_rows`.
COLUMNS = (
    "lasts_days", "category_log_gap", "gaps", "log_gap_off", "log_gap_deviation", "other_gaps",
    "other_log_gap_off", "children", "marital_status",
)  # fmt: skip

#: Gaps that a household's share in its gaps is drawn to nothing by.
_HOUSEHOLD_PRIOR = 20.0
#: Statuses that are told apart, the most frequent ones.
_STATUSES = 5


class UsualGap(NamedTuple):
    r"""Empirical Bayes of the logarithm of a customer's gaps.

    The logarithm of a gap, less the mean of its category, is
    :math:`z_i \beta + u_i + v_{ic} + \varepsilon`: what the household tells (a large one uses
    up everything sooner), what the customer is like throughout, what is special in the
    category, and chance. The variances are those that the moments of all customers give; a
    customer's gap is drawn towards that of the customer's other categories, and both towards
    what is usual in the category for such a household, by how many gaps there are.

    Attributes
    ----------
    customer, pair, chance : float
        The variances of u, v and of a single gap.
    household : mapping of str to float
        What `children` (each), a missing number of them, and each marital status add.

    Examples
    --------
    >>> one = UsualGap(customer=0.09, pair=0.0, chance=0.09, household={})
    >>> row = {"lasts_days": 30.0, "category_log_gap": 0.0, "gaps": 1, "log_gap_off": 0.2}
    >>> row |= dict.fromkeys(("other_gaps", "other_log_gap_off", "children", "marital_status"))
    >>> rows = pd.DataFrame([row])
    >>> one.days(rows).round(1).tolist()
    [33.2]
    """

    customer: float
    pair: float
    chance: float
    household: Mapping[str, float]

    @classmethod
    def fitted(cls, rows: pd.DataFrame) -> Self:
        """Find the variances.

        Parameters
        ----------
        rows : DataFrame
            One row per customer and category, with `COLUMNS`.
        """
        gaps = rows["gaps"].to_numpy(np.float64)
        household = _household_line(rows)
        by_household = _by_household(rows, household)
        off = _numbers(rows, "log_gap_off") - by_household
        spread = rows["log_gap_deviation"].to_numpy(np.float64)
        several = gaps > 1
        free = (gaps[several] - 1).sum()
        chance = ((gaps[several] - 1) @ spread[several] ** 2) / free if free else 0.1
        others = _numbers(rows, "other_gaps")
        other = _numbers(rows, "other_log_gap_off") - by_household
        both = gaps * others
        customer = max((both @ (off * other)) / both.sum(), 0.0) if both.any() else 0.0
        known = gaps > 0
        whole = (gaps[known] @ off[known] ** 2 - known.sum() * chance) / max(gaps.sum(), 1.0)
        return cls(
            float(customer), float(max(whole - customer, 0.0)), float(max(chance, 1e-4)), household
        )

    def days(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the usual gap after what was bought last, in days: shape (n_rows,)."""
        lasts = rows["lasts_days"].fillna(1.0).to_numpy(np.float64)
        usual = rows["category_log_gap"].to_numpy(np.float64)
        # A supply that nobody has bought twice yet: what is bought is used up, and bought again.
        usual = np.where(np.isnan(usual) & rows["lasts_days"].notna(), 0.0, usual)
        return np.asarray(lasts * np.exp(usual + self._posterior(rows)[0]))

    def uncertainty(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the deviation of what is known of the logarithm of the usual gap."""
        return np.asarray(np.sqrt(self._posterior(rows)[1]))

    def _posterior(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        by_household = _by_household(rows, self.household)
        others, own = _numbers(rows, "other_gaps"), _numbers(rows, "gaps")
        other = _numbers(rows, "other_log_gap_off") - by_household
        off = _numbers(rows, "log_gap_off") - by_household
        noise = self.pair + self.chance / np.maximum(others, 1)
        drawn = np.where(others > 0, self.customer / (self.customer + noise), 0.0)
        mean, variance = drawn * other, self.customer * (1 - drawn) + self.pair
        gain = np.where(own > 0, variance / (variance + self.chance / np.maximum(own, 1)), 0.0)
        return by_household + mean + gain * (off - mean), variance * (1 - gain)


def _numbers(rows: pd.DataFrame, name: str) -> np.ndarray:
    return np.asarray(rows[name].fillna(0.0).to_numpy(np.float64))


def _household_line(rows: pd.DataFrame) -> dict[str, float]:
    """Fit what households add by least squares, each row as heavy as its gaps."""
    known = rows[rows["gaps"] > 0]
    frequent = known["marital_status"].value_counts().index[:_STATUSES]
    names = ["children", "no_children_known", *(f"status {one}" for one in frequent)]
    design = np.column_stack([_household_column(known, name) for name in names])
    weight = known["gaps"].to_numpy(np.float64)[:, None]
    off = known["log_gap_off"].to_numpy(np.float64)
    gram = design.T @ (weight * design) + _HOUSEHOLD_PRIOR * np.eye(len(names))
    slopes = np.linalg.solve(gram, (weight * design).T @ off)
    return {name: float(slope) for name, slope in zip(names, slopes, strict=True)}


def _household_column(rows: pd.DataFrame, name: str) -> np.ndarray:
    if name == "children":
        return _numbers(rows, "children")
    if name == "no_children_known":
        return np.asarray(rows["children"].isna().to_numpy(np.float64))
    status = rows["marital_status"].eq(name.removeprefix("status "))
    return np.asarray(status.to_numpy(dtype=np.float64, na_value=0.0))


def _by_household(rows: pd.DataFrame, line: Mapping[str, float]) -> np.ndarray:
    total = np.zeros(len(rows))
    for name, slope in line.items():
        total += slope * _household_column(rows, name)
    return total
