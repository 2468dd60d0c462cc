"""Pairs to learn from: candidates, a uniform slice of the rest, and products about to launch."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from models.definition import PairModel
from pipeline.pairs.candidates import candidates, drawn_customers
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import Moment

#: Candidates that are looked at for each row that is learned from.
_CANDIDATES_A_ROW = 4
#: Products drawn at random for each customer, whatever the routes say.
_SLICE = 10
#: Products launched so soon after the cut-off teach what a launch is like.
LAUNCH_DAYS = 30
#: How the rows are shared out: candidates, the uniform slice, launches.
_SHARES = (0.7, 0.1, 0.2)


class Bought(NamedTuple):
    """What was bought in the outcome window of a cut-off.

    Attributes
    ----------
    customer, product : array of shape (n_pairs,)
        Places within the moment; a pair occurs once.
    days : array of shape (n_pairs,)
        Days from the cut-off to the first purchase.
    """

    customer: np.ndarray
    product: np.ndarray
    days: np.ndarray


class PairRows(NamedTuple):
    """Pairs of one or more cut-offs.

    Attributes
    ----------
    customer, product : array of shape (n_rows,)
        Ids.
    X : DataFrame of shape (n_rows, n_features)
        Features.
    y : array of shape (n_rows,)
        1 where it was bought in the outcome window.
    keep_rate : array of shape (n_rows,)
        Share of the pairs like it, without a purchase, that was kept; in (0, 1].
    """

    customer: np.ndarray
    product: np.ndarray
    X: pd.DataFrame
    y: np.ndarray
    keep_rate: np.ndarray


def together(*parts: PairRows) -> PairRows:
    """Put rows of several cut-offs one after the other."""
    return PairRows(
        np.concatenate([part.customer for part in parts]),
        np.concatenate([part.product for part in parts]),
        pd.concat([part.X for part in parts], ignore_index=True),
        np.concatenate([part.y for part in parts]),
        np.concatenate([part.keep_rate for part in parts]),
    )


def sampled_rows(
    connection: Backend,
    moment: Moment,
    model: PairModel,
    bought: Bought,
    *,
    most_rows: int,
    seed: int,
    launches: bool,
) -> PairRows:
    """Draw pairs of one cut-off, all that were bought and some that were not.

    Customers are drawn at random, whole, where there are more than are needed. Of their
    pairs every purchase stays; the others are thinned at a rate of their own in each of
    three strata, which the learner corrects for exactly: candidates of the routes by which
    scoring finds them, a uniform slice of all other products on sale, and products that are
    launched within 30 days after the cut-off, of which nothing is known but what they are.

    Parameters
    ----------
    connection : Backend
        The engine that the moment was read with.
    moment : Moment
        The cut-off.
    model : PairModel
        Says which features and candidates.
    bought : Bought
        What happened in the outcome window.
    most_rows : int
        About how many rows are wanted.
    seed : int
        The same seed draws the same rows.
    launches : bool
        Whether products about to be launched are among them. They teach the trees, but do
        not set the level of products that are new: theirs is another.
    """
    random = np.random.default_rng([seed, moment.as_of.toordinal()])
    products = len(moment.products)
    customers = drawn_customers(moment, model, random, pairs=_CANDIDATES_A_ROW * most_rows)
    found = candidates(moment, model, customers)
    chosen = np.isin(bought.customer, customers)
    key = bought.customer[chosen].astype(np.int64) * products + bought.product[chosen]
    in_routes = found.customer.astype(np.int64) * products + found.product
    parts = [_thinned(in_routes, key, round(_SHARES[0] * most_rows), random)]
    if moment.on_sale.sum() > model.grid:
        parts.append(_slice(in_routes, key, customers, moment.on_sale, random))
    new = launched_after(moment, bought)
    if launches and len(new):
        pairs = (customers[:, None].astype(np.int64) * products + new).ravel()
        parts.append(_thinned(pairs, key, round(_SHARES[2] * most_rows), random))
    pair, y, keep_rate = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(pair, kind="stable")
    pair, y, keep_rate = pair[order], y[order], keep_rate[order]
    who, what = pair // products, (pair % products).astype(np.int32)
    X = features_of(connection, moment, model, who, what)
    return PairRows(
        moment.customers.take(who).to_numpy(), moment.products.take(what).to_numpy(),
        X, y, keep_rate,
    )  # fmt: skip


def launched_after(moment: Moment, bought: Bought) -> np.ndarray:
    """Return the products whose first sale follows the cut-off within 30 days."""
    first = np.full(len(moment.products), np.inf)
    np.minimum.at(first, bought.product, bought.days)
    never = np.isnan(moment.first_sale_days) & ~moment.on_sale
    return np.flatnonzero(never & (first < LAUNCH_DAYS))


def _thinned(
    pairs: np.ndarray, bought: np.ndarray, most: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y = np.isin(pairs, bought)
    rate = min(1.0, max(most - int(y.sum()), most // 4) / max(int((~y).sum()), 1))
    kept = y | (random.random(len(pairs)) < rate)
    return pairs[kept], y[kept].astype(np.int8), np.full(int(kept.sum()), rate)


def _slice(
    in_routes: np.ndarray,
    bought: np.ndarray,
    customers: np.ndarray,
    on_sale: np.ndarray,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw products at random for each customer; what the routes found is not drawn again."""
    offered, products = np.flatnonzero(on_sale), len(on_sale)
    draws = random.choice(offered, size=(len(customers), _SLICE))
    pairs = np.unique(customers[:, None].astype(np.int64) * products + draws)
    sold = bought[on_sale[bought % products]]
    pairs = np.union1d(pairs[~np.isin(pairs, bought)], sold)
    pairs = pairs[~np.isin(pairs, in_routes)]
    y = np.isin(pairs, bought)
    rate = 1 - (1 - 1 / len(offered)) ** _SLICE
    return pairs, y.astype(np.int8), np.full(len(pairs), rate)
