"""Which products go with a lead product, beyond what both sell anyway."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from models.effects.stratified_tables import Tables, exact_association

#: Baskets of up to this many further products are compared with those of exactly as many;
#: beyond it, sizes that differ by less than an eighth are taken together.
_EXACT_SIZES = 16

COLUMNS = [
    "together", "baskets", "support", "confidence", "lift", "expected", "added_lift", "low", "high",
    "p_value", "q_value", "found",
]  # fmt: skip


def companions(
    basket: ArrayLike,
    product: ArrayLike,
    lead: Any,
    *,
    stratum: ArrayLike | None = None,
    sizes: Literal["further", "whole"] = "further",
    min_count: int = 5,
    error_rate: float = 0.05,
    level: float = 0.95,
    margin: Mapping[Any, float] | None = None,
) -> pd.DataFrame:
    r"""Test every product for an association with the lead product.

    Two products meet in baskets without being associated: both are popular, both belong to
    the season, and full baskets hold more of everything. So baskets are compared within
    strata: those of the same `stratum` (a week, a region, ...) that hold equally many
    products besides the lead. Within a stratum of :math:`N` baskets, of which :math:`L`
    hold the lead and :math:`n` the other product, unassociated products meet in
    :math:`L n / N` baskets, hypergeometrically distributed. The p-value is the exact
    probability that the sum over strata reaches what was seen.

    Parameters
    ----------
    basket : array-like of shape (n_lines,)
        The basket of each line. A short sequence, what a customer bought in the season,
        is a basket too, and the better one where customers come back often: baskets have
        to be independent of each other, and those of one customer are not.
    product : array-like of shape (n_lines,)
        The product of each line; one that is repeated within its basket counts once.
    lead : object
        The product whose companions are sought.
    stratum : array-like of shape (n_lines,), optional
        What baskets have to share to be compared, the same on all lines of a basket.
    sizes : str
        What baskets have to hold equally many of to be compared. `"further"`, products besides
        the lead: exact where every product finds its own way into the basket. `"whole"`,
        products in all: where a trip has a purpose and small things come along, a basket with
        the lead and one more is no match for one with a single product, which is a purpose by
        itself. The lead then takes up a place that the other product might have had, so that
        less is found in small baskets and `added_lift` is a lower bound.
    min_count : int
        Baskets that have to hold a product for it to be tested, and both for it to be found.
    error_rate : float
        Share of the found products that are expected to be none (Benjamini and Hochberg).
    level : float
        Confidence level of the interval of `added_lift`, for each product by itself.
    margin : mapping, optional
        Margin of one piece of a product; adds the column `expected_margin`.

    Returns
    -------
    DataFrame
        One row per tested product, by falling lower end of its interval; index `product`.

        - `together`, `baskets`: number of baskets with both, and with the product
        - `support`: share of all baskets that hold both
        - `confidence`: share of the baskets with the lead that hold the product
        - `lift`: confidence over the product's share of all baskets
        - `expected`: number with both if there were no association, given the strata
        - `added_lift`, `low`, `high`: `together` over `expected`, with an exact interval: what
          the pair adds beyond each product's own heat, in which its own purchases with the
          lead are counted; 1 is nothing
        - `p_value`, `q_value`: exact and one-sided; adjusted for the number of tests
        - `found`: whether `q_value` is at most `error_rate` and `together` at least `min_count`
        - `expected_margin`: confidence times margin, per basket with the lead

        Products that meet the lead no more often than expected, or in fewer than `min_count`
        baskets, have a p-value of 1 and no interval.

    Raises
    ------
    ValueError
        If lines are missing values, no basket holds the lead, or an option is out of range.

    References
    ----------
    .. [1] Mantel, N. and Haenszel, W. (1959). Statistical aspects of the analysis of data from
       retrospective studies of disease. J. Natl. Cancer Inst. 22, 719-748.
    .. [2] Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate.
       J. R. Stat. Soc. B 57, 289-300.

    Examples
    --------
    Ten baskets with a vacuum cleaner, eight of them with bags; of 40 others, four with bags.

    >>> basket = [*np.repeat(np.arange(10), 2), *range(10, 50)]
    >>> product = ["vacuum", "bags"] * 8 + ["vacuum", "tea"] * 2 + ["bags"] * 4 + ["tea"] * 36
    >>> table = companions(basket, product, "vacuum")
    >>> table[["together", "expected", "added_lift", "found"]].round(1)
             together  expected  added_lift  found
    product
    bags            8       2.4         3.3   True
    tea             2       7.6         0.3  False
    """
    if not 0 < error_rate < 1 or not 0 < level < 1 or min_count < 1:
        raise ValueError(
            f"error_rate is {error_rate}, level {level} and min_count {min_count}: the first two "
            "lie between 0 and 1, and at least 1 basket has to be asked for."
        )
    lines = _lines(basket, product, stratum)
    place = int(lines.products.get_indexer(pd.Index([lead]))[0])
    if place < 0:
        raise ValueError("no basket holds the lead product: check its id, or look further back.")
    has_lead = np.zeros(lines.baskets, dtype=bool)
    has_lead[lines.basket[lines.product == place]] = True
    tables, number = _tables(lines, has_lead, place, whole=sizes == "whole")

    tested = np.flatnonzero(number >= min_count)
    of_tested = tables.of(tested)
    together = np.bincount(tables.product, weights=tables.both, minlength=len(number))[tested]
    expected = of_tested.expected()
    worth = (together >= min_count) & (together > expected)
    p, low, high = np.ones(len(tested)), *np.full((2, len(tested)), np.nan)
    for i in np.flatnonzero(worth):
        p[i], low[i], high[i] = exact_association(of_tested.table(int(i)), level=level)
    table = pd.DataFrame(index=pd.Index(lines.products[tested], name="product"))
    table["together"] = together.astype(np.int64)
    table["baskets"] = number[tested]
    table["support"] = together / lines.baskets
    table["confidence"] = together / has_lead.sum()
    table["lift"] = table["confidence"] / (number[tested] / lines.baskets)
    table["expected"] = expected
    with np.errstate(divide="ignore", invalid="ignore"):
        table["added_lift"] = together / expected
        table["low"], table["high"] = low / expected, high / expected
    table["p_value"] = p
    table["q_value"] = _adjusted(p)
    table["found"] = (table["q_value"] <= error_rate) & (together >= min_count)
    if margin is not None:
        table["expected_margin"] = table["confidence"] * table.index.map(margin).astype(float)
    return table.sort_values(["low", "together"], ascending=False, kind="stable")


class _Lines(NamedTuple):
    """One entry per basket and product, coded from 0."""

    basket: np.ndarray
    product: np.ndarray
    stratum_of_basket: np.ndarray
    baskets: int
    products: pd.Index


def _lines(basket: ArrayLike, product: ArrayLike, stratum: ArrayLike | None) -> _Lines:
    b, baskets = pd.factorize(np.asarray(basket))
    p, products = pd.factorize(np.asarray(product))
    if len(b) != len(p) or not len(b) or (b < 0).any() or (p < 0).any():
        raise ValueError(
            f"there are {len(b)} baskets and {len(p)} products, {(b < 0).sum()} and "
            f"{(p < 0).sum()} of them missing: pass one of each per line."
        )
    of_basket = np.zeros(len(baskets), dtype=np.int64)
    if stratum is not None:
        s, _ = pd.factorize(np.asarray(stratum))
        if len(s) != len(b) or (s < 0).any():
            raise ValueError(
                f"stratum has {len(s)} values for {len(b)} lines, {(s < 0).sum()} of them missing: "
                "pass one per line."
            )
        of_basket[b] = s
    once = np.unique(b.astype(np.int64) * len(products) + p)
    return _Lines(
        once // len(products), once % len(products), of_basket, len(baskets), pd.Index(products)
    )


def _tables(
    lines: _Lines, has_lead: np.ndarray, lead: int, *, whole: bool
) -> tuple[Tables, np.ndarray]:
    """Count baskets by stratum and product; also return the baskets of each product."""
    others = lines.product != lead
    number = np.bincount(lines.product[others], minlength=len(lines.products))
    further = np.bincount(lines.basket[others], minlength=lines.baskets)
    if whole:
        further = further + has_lead
    basket, product = lines.basket[others], lines.product[others]
    size = np.where(
        further <= _EXACT_SIZES,
        further,
        _EXACT_SIZES + np.ceil(8 * np.log2(np.maximum(further, 1) / _EXACT_SIZES)).astype(int),
    )
    _, stratum = np.unique(lines.stratum_of_basket * (size.max() + 1) + size, return_inverse=True)
    cells, which = np.unique(product * (stratum.max() + 1) + stratum[basket], return_inverse=True)
    tables = Tables(
        product=cells // (stratum.max() + 1),
        stratum=cells % (stratum.max() + 1),
        both=np.bincount(which, weights=has_lead[basket]).astype(np.int64),
        other=np.bincount(which),
        lead_by_stratum=np.bincount(stratum, weights=has_lead).astype(np.int64),
        baskets_by_stratum=np.bincount(stratum),
    )
    return tables, number


def _adjusted(p: np.ndarray) -> np.ndarray:
    """Return the smallest rate of false discoveries at which each test would be found."""
    order = np.argsort(p, kind="stable")[::-1]
    rank = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(p[order] * len(p) / rank)
    return adjusted
