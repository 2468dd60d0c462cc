"""How well a model finds the buyers of one product, and how many there will be."""

from typing import Any

import numpy as np
import pandas as pd

from models.effects.demand import DemandLevel

#: Products above which a median has an interval.
FEW_PRODUCTS = 6


def lift_figures(columns: pd.DataFrame, *, level: float) -> dict[str, Any]:
    """Return the median lift of the best tenth of all customers, over products.

    Everybody is ranked, not only those for whom a route finds the product.

    Parameters
    ----------
    columns : DataFrame
        See `pipeline.pairs.product_columns`.
    level : float
        Of the interval.

    Returns
    -------
    dict
        `products`, how many were judged; the `median` of their lifts with its interval `low`
        and `high` (order statistics; missing where there are too few products);
        `median_activity`, where customers are ranked by their orders of the last 180 days.
    """
    told = columns[columns["lift"].notna()]
    low, high = median_interval(told["lift"].to_numpy(), level=level)
    return {
        "products": len(told),
        "median": float(told["lift"].median()) if len(told) else None,
        "low": low,
        "high": high,
        "median_activity": float(told["lift_by_activity"].median()) if len(told) else None,
    }


def demand_figures(columns: pd.DataFrame, demand: DemandLevel, *, level: float) -> dict[str, Any]:
    """Return how often the interval of a product's demand held what came.

    Returns
    -------
    dict
        `products`; `held`, the share of them whose buyers lie in the interval; `ratio`, what
        came over what was expected, pooled; `level`, the share that was promised.
    """
    if columns.empty:
        return {"products": 0, "held": None, "ratio": None, "level": level}
    inside = []
    total = 0.0
    pairs = zip(columns["expected"].tolist(), columns["buyers"].tolist(), strict=True)
    for expected, buyers in pairs:
        mean, low, high = demand.interval(expected, level=level)
        inside.append(low <= round(buyers) <= high)
        total += mean
    return {
        "products": len(columns),
        "held": float(np.mean(inside)),
        "ratio": float(columns["buyers"].sum() / total) if total else None,
        "level": level,
    }


def median_interval(values: np.ndarray, *, level: float) -> tuple[float | None, float | None]:
    """Return the interval of a median between two order statistics, exact for any distribution.

    Examples
    --------
    >>> median_interval(np.arange(20.0), level=0.95)
    (5.0, 14.0)
    """
    from scipy.stats import binom

    count = len(values)
    rank = int(binom.ppf((1 - level) / 2, count, 0.5)) if count >= FEW_PRODUCTS else 0
    if rank < 1:
        return None, None
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[count - rank])
