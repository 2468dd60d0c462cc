"""Retrieve the products that a customer may buy, by several routes that each find others."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from models.candidates import retrieve
from models.definition import PairModel
from pipeline.pairs.moment import Moment

#: What each route asks, in the order of its bit; see `candidates`.
ROUTES = ("own", "together", "alike", "successor", "popular")
#: Most products of a customer by each route.
MOST = {"own": 100, "together": 100, "alike": 30, "successor": 10}

_Pairs = tuple[np.ndarray, np.ndarray]


class Candidates(NamedTuple):
    """Pairs worth scoring, ordered by customer and product; a pair occurs once.

    Attributes
    ----------
    customer, product : array of shape (n_pairs,)
        Places within the moment.
    routes : array of shape (n_pairs,)
        Which routes found it, a bit each, in the order of `ROUTES`; 0 where all products were
        taken.
    """

    customer: np.ndarray
    product: np.ndarray
    routes: np.ndarray


def candidates(moment: Moment, model: PairModel, customers: np.ndarray) -> Candidates:
    """Return the candidates of some customers.

    Where few products are on sale, all of them are candidates for everybody. Else: what the
    customer bought before (`own`), what the same customers buy (`together`), what is alike
    (`alike`), later generations of a family that is held (`successor`), and what sells in the
    customer's segment (`popular`).

    Parameters
    ----------
    moment : Moment
        The cut-off.
    model : PairModel
        Says what few products are.
    customers : array of shape (n_customers,)
        Places within the moment, ascending.
    """
    on_sale = np.flatnonzero(moment.on_sale).astype(np.int32)
    if len(on_sale) <= model.grid:
        pairs = len(customers) * len(on_sale)
        return Candidates(
            np.repeat(customers, len(on_sale)),
            np.tile(on_sale, len(customers)),
            np.zeros(pairs, dtype=np.uint8),
        )
    rows, owner = moment.holdings.rows_of(customers)
    held = moment.holdings.at(customers)
    found = [_own(moment, rows, owner)]
    for near, name in ((moment.together, "together"), (moment.alike, "alike")):
        drawn = retrieve(held, near, most=MOST[name], allowed=moment.on_sale)
        found.append((drawn.customer, drawn.product))
    best = moment.popular[moment.segment[customers]]
    found += [
        _successors(moment, rows, owner),
        (np.repeat(np.arange(len(customers)), best.shape[1]), best.ravel()),
    ]
    return _united(found, customers, len(moment.products))


def drawn_customers(
    moment: Moment, model: PairModel, random: np.random.Generator, *, pairs: int
) -> np.ndarray:
    """Draw so many customers at random that they have about so many candidates.

    Returns
    -------
    array of shape (n_customers,)
        Places, ascending; all of them where there are no more.
    """
    everybody = len(moment.customers)
    some = np.sort(random.choice(everybody, size=min(everybody, 200), replace=False))
    wanted = max(1, int(pairs / candidates_each(moment, model, some)))
    return np.sort(random.choice(everybody, size=min(everybody, wanted), replace=False))


def candidates_each(moment: Moment, model: PairModel, customers: np.ndarray) -> float:
    """Return how many candidates customers have on average, at least 1."""
    found = len(candidates(moment, model, customers).customer)
    return max(1.0, found / max(len(customers), 1))


def _united(found: list[_Pairs], customers: np.ndarray, products: int) -> Candidates:
    pair = np.concatenate([who.astype(np.int64) * products + what for who, what in found])
    bits = np.uint8(1) << np.arange(len(found), dtype=np.uint8)
    bit = np.repeat(bits, [len(who) for who, _ in found])
    order = np.argsort(pair, kind="stable")
    pair, bit = pair[order], bit[order]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    routes = np.bitwise_or.reduceat(bit, first) if len(first) else bit
    return Candidates(
        customers[pair[first] // products], (pair[first] % products).astype(np.int32), routes
    )


def _own(moment: Moment, rows: np.ndarray, owner: np.ndarray) -> _Pairs:
    """Return what was bought before: the most frequent of late, the latest, the most frequent."""
    still = moment.on_sale[moment.held.product[rows]]
    rows, owner = rows[still], owner[still]
    held, most = moment.held, MOST["own"]
    often = held.purchase_days[rows].astype(np.float64)
    kept = _first(owner, often * moment.holdings.weight[rows], most)
    kept |= _first(owner, -held.last_days[rows].astype(np.float64), most // 2)
    kept |= _first(owner, often, most // 2)
    return owner[kept], held.product[rows][kept]


def _first(owner: np.ndarray, value: np.ndarray, most: int) -> np.ndarray:
    """Tell which rows are among those of their owner with the highest values."""
    order = np.lexsort((-value, owner))
    begins = np.searchsorted(owner[order], owner[order])
    kept = np.empty(len(owner), dtype=bool)
    kept[order] = np.arange(len(owner)) - begins < most
    return kept


def _successors(moment: Moment, rows: np.ndarray, owner: np.ndarray) -> _Pairs:
    """Return products on sale of a later generation than one that is held, the newest first."""
    families = moment.families
    held = pd.DataFrame({"owner": owner, "product": moment.held.product[rows]})
    offered = families[moment.on_sale[families["product"]]]
    both = held.merge(families, on="product").merge(offered, on="family", suffixes=("", "_next"))
    later = both[both["generation_next"] > both["generation"]]
    later = later.drop_duplicates(["owner", "product_next"]).sort_values(
        ["owner", "generation_next", "product_next"], ascending=[True, False, True]
    )
    later = later[later.groupby("owner").cumcount() < MOST["successor"]]
    return later["owner"].to_numpy(), later["product_next"].to_numpy(dtype=np.int32)
