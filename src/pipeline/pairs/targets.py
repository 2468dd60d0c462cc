"""Both directions on demand: all customers for one product, and what one product will sell."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

import ibis
import numpy as np
import pandas as pd
from ibis.backends.duckdb import Backend

from features.passed_in import with_passed_in
from features.tables import Products
from models.definition import PairModel
from models.effects.demand import FEW_PRODUCTS, DemandLevel
from models.learning import Learner
from pipeline.engine import engine
from pipeline.pairs.evaluate import load_learner
from pipeline.pairs.levels import LAUNCHED, SOLD, read_levels
from pipeline.pairs.matrix import features_of
from pipeline.pairs.moment import Moment, read_moment
from pipeline.pairs.one_product import about_product
from pipeline.project import Project, read_cutoffs
from pipeline.state_store import read_state
from pipeline.versions import version_folder

#: Customers that are scored together.
BLOCK_CUSTOMERS = 500_000


class UnknownProductError(ValueError):
    """There is no such product, or it cannot be bought."""


class Targets(NamedTuple):
    """All customers for one product.

    Attributes
    ----------
    product_id : str
        The product.
    customers : DataFrame of shape (n_customers, 3)
        `customer_id`, `state` and `probability`, likeliest first; ties by id.
    buyers, low, high : float
        Expected number of buyers within the horizon, with its interval.
    launch : bool
        Whether nothing of it was sold before the cut-off.
    note : str
        What has to be known of these figures.
    """

    product_id: str
    customers: pd.DataFrame
    buyers: float
    low: float
    high: float
    launch: bool
    note: str


def targets(
    project: Project,
    model: PairModel,
    number: str,
    *,
    product_id: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    level: float = 0.95,
    as_of: date | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Targets:
    """Score every customer known at the scoring cut-off for one product.

    Parameters
    ----------
    project : Project
        Whose snapshot to score.
    model : PairModel
        The model.
    number : str
        Its version.
    product_id : str, optional
        A product of the catalogue.
    attributes : mapping, optional
        A product that nobody has sold yet: columns of `products`, those left out are null.
    level : float
        Of the interval of the demand.
    as_of : date, optional
        A cut-off whose snapshot and state are kept; the scoring cut-off if left out.
    progress : callable
        Told how many customers are done, of how many.

    Raises
    ------
    UnknownProductError
        If not exactly one of both is given, the product is not in the catalogue or was
        withdrawn, or an attribute is none.
    """
    if (product_id is None) == (attributes is None):
        raise UnknownProductError("name a product, or give its attributes: one of both.")
    artifacts = project.artifacts
    as_of = as_of or read_cutoffs(artifacts, model.name).score
    folder = version_folder(artifacts, model.name, number)
    learner, levels = load_learner(model, folder), read_levels(folder)
    with engine(artifacts, threads=1) as connection:
        state = read_state(connection, artifacts, as_of)
        if attributes is not None:
            row = product_row(attributes)
            product_id = str(row["product_id"].iloc[0])
            state = with_passed_in(state, ibis.memtable(row, schema=Products.schema()))
        moment = read_moment(connection, artifacts, model, state, as_of, remember=False)
        place = _place(moment, str(product_id), passed_in=attributes is not None)
        parts = []
        for part in column_of(connection, moment, model, learner, place):
            parts.append(part)
            progress(sum(map(len, parts)), len(moment.customers))
    customers = pd.concat(parts, ignore_index=True).sort_values(
        ["probability", "customer_id"], ascending=[False, True], ignore_index=True
    )
    launch = bool(np.isnan(moment.first_sale_days[place]))
    known = levels[LAUNCHED if launch else SOLD]
    buyers, low, high = known.interval(float(customers["probability"].sum()), level=level)
    return Targets(
        str(product_id), customers, buyers, low, high, launch, _note(known, launch=launch)
    )


def column_of(
    connection: Backend, moment: Moment, model: PairModel, learner: Learner, place: int
) -> Iterator[pd.DataFrame]:
    """Yield `customer_id`, `state` and `probability` of all customers for one product."""
    count = len(moment.customers)
    with about_product(connection, moment, place) as near:
        for start in range(0, count, BLOCK_CUSTOMERS):
            customers = np.arange(start, min(start + BLOCK_CUSTOMERS, count))
            product = np.full(len(customers), place, dtype=np.int32)
            X = features_of(connection, near, model, customers, product)
            yield pd.DataFrame(
                {
                    "customer_id": moment.customers.take(customers),
                    "state": X[model.state.name].to_numpy(),
                    "probability": learner.predict_proba(X)[:, 1],
                }
            )


def product_row(attributes: Mapping[str, Any]) -> pd.DataFrame:
    """Return a product that is passed in as a row of `products`.

    Raises
    ------
    UnknownProductError
        If it has no id, or an attribute that products do not have, or a price below 0.

    Examples
    --------
    >>> product_row({"product_id": "TV20", "brand": "Acme", "list_price": 0})["list_price"].tolist()
    [None]
    """
    known = Products.schema()
    unknown = sorted(set(attributes) - set(known))
    if unknown:
        raise UnknownProductError(
            f"products have no column {unknown[0]}. Their columns are {', '.join(known)}."
        )
    if not attributes.get("product_id"):
        raise UnknownProductError(
            "the product has no product_id. Give it one; any new text will do."
        )
    price = attributes.get("list_price")
    if price is not None and float(price) < 0:
        raise UnknownProductError(
            f"list_price is {price}. Give what a customer pays, or leave it out if it is open."
        )
    row = {name: attributes.get(name) for name in known}
    # A price of nothing says as little as none at all.
    row["list_price"] = price or None
    return pd.DataFrame([row], columns=list(known), dtype=object)


def _place(moment: Moment, product_id: str, *, passed_in: bool) -> int:
    place = int(moment.products.get_indexer(pd.Index([product_id]))[0])
    if place < 0:
        raise UnknownProductError(
            f"there is no product {product_id} in the catalogue. To score one that nobody has "
            "sold yet, pass its attributes."
        )
    if not passed_in and not moment.on_sale[place]:
        unsold = np.isnan(moment.first_sale_days[place])
        why = "was never sold" if unsold else "was withdrawn, or has not been sold for long"
        raise UnknownProductError(
            f"product {product_id} is not on sale at {moment.as_of}: it {why}. To score it as a "
            "launch, pass its attributes."
        )
    return place


def _note(level: DemandLevel, *, launch: bool) -> str:
    kind = "past launches" if launch else "products"
    if level.products < FEW_PRODUCTS:
        return (
            f"only {level.products} {kind} to learn the level of demand from: the number of "
            "buyers is a guess, the order of customers is not"
        )
    return f"level of demand from {level.products} {kind}"
