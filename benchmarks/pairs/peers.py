"""The rankings that ours is compared with: last basket, own habit, what sells, and ALS."""

from collections.abc import Callable, Iterator
from itertools import product as combinations
from typing import Any, NamedTuple

import numpy as np
from ibis import _
from record import sized

from pipeline.pairs.moment import Moment

#: Gives scores of shape (n_customers, n_products) to some customers.
Scores = Callable[[np.ndarray], np.ndarray]

_HALF_LIFE_DAYS = 180
#: What is tried for ALS.
ALPHAS = sized((0.1, 0.3, 1.0, 3.0, 10.0), small=(1.0,))
FACTORS = sized((100, 200, 400), small=(16,))


class History(NamedTuple):
    """What customers had bought at a cut-off, one row per customer and product.

    Attributes
    ----------
    customers, products : int
        How many there are.
    on_sale : array of bool of shape (n_products,)
        Which products can be bought.
    segment : array of shape (n_customers,)
        Code of the customer's home.
    customer, product : array of shape (n_rows,)
        Codes.
    last_days, days, days_365 : array of shape (n_rows,)
        Days since the last purchase; distinct days with one, at all and in the last year.
    """

    customers: int
    products: int
    on_sale: np.ndarray
    segment: np.ndarray
    customer: np.ndarray
    product: np.ndarray
    last_days: np.ndarray
    days: np.ndarray
    days_365: np.ndarray


def history_of(moment: Moment) -> History:
    """Return what the peers see: all purchases that our model sees, too."""
    rows = (
        moment.state.holdings.filter(_.sales > 0)
        .select("customer_id", "product_id", "last_days", "purchase_days", "purchase_days_365")
        .to_pandas()
    )
    who = moment.customers.get_indexer(rows["customer_id"])
    what = moment.products.get_indexer(rows["product_id"])
    known = (who >= 0) & (what >= 0)
    order = np.lexsort((what[known], who[known]))
    numbers = (
        rows[name].to_numpy(dtype=np.float64)[known][order]
        for name in ("last_days", "purchase_days", "purchase_days_365")
    )
    return History(
        len(moment.customers), len(moment.products), moment.on_sale, moment.segment,
        who[known][order], what[known][order], *numbers,
    )  # fmt: skip


def popularity(history: History, *, days: float, by_segment: bool) -> Scores:
    """Rank by how many customers bought a product of late, in the own segment or anywhere."""
    late = history.last_days <= days
    who, what = history.customer[late], history.product[late]
    crowd = np.bincount(what, minlength=history.products)
    if not by_segment:
        return lambda customers: np.tile(crowd.astype(np.float64), (len(customers), 1))
    segments = int(history.segment.max()) + 1
    cell = history.segment[who].astype(np.int64) * history.products + what
    own = np.bincount(cell, minlength=segments * history.products)
    score = own.reshape(segments, history.products) + crowd / (crowd.max() + 1)
    return lambda customers: score[history.segment[customers]]


def own_first(history: History, value: np.ndarray, *, rest: Scores) -> Scores:
    """Rank what the customer bought by a positive value, then the rest as `rest` does."""
    dense = _rows_of(history, value)

    def scores(customers: np.ndarray) -> np.ndarray:
        own, others = dense(customers), rest(customers)
        return np.where(own > 0, 1 + own, others / (1 + others.max()))

    return scores


def als(
    history: History, *, factors: int, regularization: float, alpha: float, weight: str
) -> Scores:
    """Rank by implicit's factors of who bought what; what was bought before may come again.

    Parameters
    ----------
    factors, regularization, alpha
        As in `implicit.als.AlternatingLeastSquares`.
    weight : str
        What a cell of the matrix holds: `days` with a purchase, the same `faded` by half in
        180 days since the last, or weighted by `bm25` as implicit's tutorial does.
    """
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import bm25_weight
    from scipy.sparse import csr_matrix

    values = history.days * (
        0.5 ** (history.last_days / _HALF_LIFE_DAYS) if weight == "faded" else 1.0
    )
    matrix = csr_matrix(
        (values.astype(np.float32), (history.customer, history.product)),
        shape=(history.customers, history.products),
    )
    if weight == "bm25":
        matrix = bm25_weight(matrix).tocsr().astype(np.float32)
    model = AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=alpha, num_threads=1, random_state=0
    )
    model.fit(matrix, show_progress=False)
    return lambda customers: model.user_factors[customers] @ model.item_factors.T


def plain_peers(history: History) -> Iterator[tuple[str, str, Scores]]:
    """Yield each setting of the plain rankings: whose it is, what it is called, its scores."""
    sells = {
        f"{days:g} days, {'own region' if by_segment else 'everybody'}": popularity(
            history, days=days, by_segment=by_segment
        )
        for days, by_segment in combinations((28, 90, 365), (False, True))
    }
    for name, scores in sells.items():
        yield "popularity", name, scores
    recent = 1 / (1 + history.last_days)
    for name in ("28 days, own region", "365 days, own region"):
        rest = sells[name]
        often = history.days / (1 + history.days)
        yield "last basket", f"then {name}", own_first(history, recent + 1e-6 * often, rest=rest)
        for span, days in (("ever", history.days), ("a year", history.days_365)):
            value = days + 0.5 * recent
            yield "personal frequency", f"{span}, then {name}", own_first(history, value, rest=rest)


class AlsSetting(NamedTuple):
    """Arguments of `als`."""

    factors: int = 100
    regularization: float = 0.01
    alpha: float = 1.0
    weight: str = "days"

    def fitted(self, history: History) -> Scores:
        """Fit it."""
        return als(history, **self._asdict())

    def __str__(self) -> str:
        """Say what is set."""
        return (
            f"{self.factors} factors, regularization {self.regularization:g}, "
            f"alpha {self.alpha:g}, {self.weight}"
        )


def als_settings(best: Callable[[list[AlsSetting]], AlsSetting]) -> AlsSetting:
    """Look for the best setting in two steps, from implicit's defaults.

    First what a cell holds and how much it counts, then factors and regularization.
    """
    start = AlsSetting()
    counted = best(
        [
            start._replace(weight=weight, alpha=alpha)
            for weight, alpha in combinations(("days", "faded", "bm25"), ALPHAS)
        ]
    )
    return best(
        [
            counted._replace(factors=factors, regularization=regularization)
            for factors, regularization in combinations(FACTORS, (0.01, 1.0, 10.0, 100.0))
        ]
    )


def _rows_of(history: History, value: np.ndarray) -> Scores:
    from scipy.sparse import csr_matrix

    matrix: Any = csr_matrix(
        (value, (history.customer, history.product)), shape=(history.customers, history.products)
    )
    return lambda customers: matrix[customers].toarray()
