"""All that pairs of one cut-off are made from: customers, products on sale, who holds what."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis import _
from ibis.backends.duckdb import Backend

from features.definition import Feature
from features.pair_context import KnownState, offered
from features.pairs import PairFeature
from models.candidates import Holdings, Neighbours
from models.definition import PairModel
from pipeline.pairs.kept_neighbours import KEPT_NEIGHBOURS, NeighbourMemory
from pipeline.pairs.popular import POPULAR_DAYS, popular
from pipeline.project import Project
from pipeline.snapshot_store import read_snapshot
from pipeline.state_store import read_state

#: Days in which a purchase loses half its weight.
HALF_LIFE_DAYS = 180
#: A product bought so soon after its first sale to anybody was bought early.
EARLY_DAYS = 30
#: Products bought that a share of early ones is drawn to 0 with.
_FEW_PRODUCTS = 5
#: Which columns of a product its description is made of, by their mark.
_MARKS = ("category", "category_2", "category_3", "brand", "family", "price_band")


class Held(NamedTuple):
    """One entry per customer and product bought, ordered by customer and product.

    Attributes
    ----------
    customer, product : array of shape (n_rows,)
        Codes.
    last_days, first_days, purchase_days : array of shape (n_rows,)
        Days since the last and the first purchase, and distinct days with one.
    """

    customer: np.ndarray
    product: np.ndarray
    last_days: np.ndarray
    first_days: np.ndarray
    purchase_days: np.ndarray


class Moment(NamedTuple):
    """One cut-off, as arrays: a customer or a product is known by its place.

    Attributes
    ----------
    as_of : date
        The cut-off.
    state : KnownState
        The tables that features of pairs are computed from.
    offers : Table
        What `features.pair_context.offered` says of the products, held by the engine.
    customers, products : Index
        Ids in alphabetical order.
    of_customers, of_products : DataFrame
        The features of each, in that order.
    on_sale : array of bool of shape (n_products,)
        Which products can be bought.
    first_sale_days : array of shape (n_products,)
        Days since the first sale to anybody; NaN where there was none.
    segment : array of shape (n_customers,)
        Code of the customer's favourite store, home region or, without either, 0.
    held : Held
        What customers bought.
    holdings : Holdings
        The same with the weight of today.
    together, alike : Neighbours
        Products near each other, by who buys them and by what is said of them.
    popular : array of shape (n_segments, n)
        What sells best in each segment; see `pipeline.pairs.popular`.
    families : DataFrame of shape (n, 3)
        `product` (its place), `family` and `generation` of the products that have both.
    early_products, early_share : array of shape (n_customers,)
    shopping_days, last_visit_days, price_tier : array of shape (n_customers,)
        See `features.pulls`.
    """

    as_of: date
    state: KnownState
    offers: ir.Table
    customers: pd.Index
    products: pd.Index
    of_customers: pd.DataFrame
    of_products: pd.DataFrame
    on_sale: np.ndarray
    first_sale_days: np.ndarray
    segment: np.ndarray
    held: Held
    holdings: Holdings
    together: Neighbours
    alike: Neighbours
    popular: np.ndarray
    families: pd.DataFrame
    early_products: np.ndarray
    early_share: np.ndarray
    shopping_days: np.ndarray
    last_visit_days: np.ndarray
    price_tier: np.ndarray


def read_moment(
    connection: Backend,
    artifacts: Path,
    model: PairModel,
    state: KnownState,
    as_of: date,
    *,
    remember: bool,
) -> Moment:
    """Read a cut-off whose snapshot and state are stored.

    Parameters
    ----------
    connection : Backend
        An engine.
    artifacts : Path
        Where the snapshot lies.
    model : PairModel
        Says which columns are needed and which products are on sale.
    state : KnownState
        Of this cut-off; products that are passed in stand among its products and offers.
    as_of : date
        The cut-off.
    remember : bool
        Whether neighbours of products that had to be found anew are kept for the next reading.
    """
    near = NeighbourMemory(
        artifacts / KEPT_NEIGHBOURS / f"as_of={as_of.isoformat()}", writes=remember
    )
    snapshot = read_snapshot(connection, artifacts, "customer", as_of)
    of_customers = _of_customers(snapshot, model)
    of_products = _of_products(state, model)
    customers, products = pd.Index(of_customers.index), pd.Index(of_products.index)
    first_sale = of_products.pop("first_sale_days").to_numpy(dtype=np.float64)
    on_sale = of_products.pop("on_sale").to_numpy(dtype=bool)
    described = of_products.pop("described").tolist()
    families = _families(of_products)
    segment = pd.factorize(of_customers.pop("segment"), sort=True)[0]
    held = _held(connection, state, customers, products)
    holdings = Holdings.of(
        held.customer,
        held.product,
        0.5 ** (held.last_days / HALF_LIFE_DAYS),
        customers=len(customers),
    )
    shopping_days = of_customers.pop("shopping_days").to_numpy(dtype=np.float64)
    last_visit_days = of_customers.pop("last_visit_days").to_numpy(dtype=np.float64)
    price_tier = of_customers.pop("price_tier").to_numpy(dtype=np.float64)
    late = held.last_days <= POPULAR_DAYS
    early, bought = _early(held, first_sale, len(customers))
    return Moment(
        as_of,
        state,
        connection.create_table(ibis.util.gen_name("offers"), offered(state), temp=True),
        customers,
        products,
        of_customers,
        of_products,
        on_sale,
        first_sale,
        segment,
        held,
        holdings,
        near.together(holdings, products=len(products)),
        near.alike(described),
        popular(held.customer[late], held.product[late], segment=segment, on_sale=on_sale),
        families,
        early,
        early / (bought + _FEW_PRODUCTS),
        shopping_days,
        last_visit_days,
        price_tier,
    )


def moments(
    connection: Backend, project: Project, model: PairModel, days: Sequence[date]
) -> Iterator[Moment]:
    """Read some cut-offs one after the other: only one of them lies in memory."""
    for as_of in days:
        state = read_state(connection, project.artifacts, as_of)
        yield read_moment(connection, project.artifacts, model, state, as_of, remember=True)


def of_unit(model: PairModel, unit: str) -> list[Feature]:
    """Return the features of a model that belong to a customer or to a product."""
    return [one for one in model.features if isinstance(one, Feature) and one.grain.unit == unit]


def pair_features(model: PairModel) -> list[PairFeature]:
    """Return the features of a model that belong to the pair."""
    return [one for one in model.features if isinstance(one, PairFeature)]


def _of_customers(snapshot: ir.Table, model: PairModel) -> pd.DataFrame:
    names = [one.name for one in of_unit(model, "customer") if one.name in snapshot.columns]
    places = [n for n in ("favourite_store_region", "home_region") if n in snapshot.columns]
    segment = ibis.coalesce(*(snapshot[n] for n in places), "") if places else ibis.literal("")
    rows = snapshot.select(
        "customer_id",
        *names,
        segment=segment,
        shopping_days=snapshot.purchase_days_count,
        last_visit_days=snapshot.days_since_last_purchase,
        price_tier=snapshot.price_tier_share,
    ).order_by("customer_id")
    frame: pd.DataFrame = rows.to_pandas().set_index("customer_id")
    return frame


def _of_products(state: KnownState, model: PairModel) -> pd.DataFrame:
    offers = state.offers
    features = of_unit(model, "product")
    columns = offers.group_by("product_id").aggregate(
        **{one.name: one.aggregate(offers) for one in features},
        first_sale_days=_.first_sale_days.max(),
        on_sale=model.eligible(offers).any(),
        price_band=_.price_band.max(),
    )
    marks = [n for n in _MARKS if n in state.products.columns]
    words = state.products.select("product_id", "name", "generation", *marks)
    joined = columns.left_join(words, "product_id").drop("product_id_right")
    frame: pd.DataFrame = joined.order_by("product_id").to_pandas().set_index("product_id")
    described = frame["name"].fillna("")
    for mark in _MARKS:
        if mark in frame:
            given = frame[mark].astype("object")
            marked = f" {mark}=" + given.astype(str).str.replace(r"\s+", "_", regex=True)
            described = described + marked.where(given.notna(), "")
    kept = [one.name for one in features]
    columns = [*kept, "first_sale_days", "on_sale", "family", "generation"]
    return frame[columns].assign(described=described)


def _families(of_products: pd.DataFrame) -> pd.DataFrame:
    family, generation = of_products.pop("family"), of_products.pop("generation")
    known = (family.notna() & generation.notna()).to_numpy()
    return pd.DataFrame(
        {
            "product": np.flatnonzero(known).astype(np.int32),
            "family": family[known].to_numpy(),
            "generation": generation[known].to_numpy(dtype=np.float64),
        }
    )


def _held(connection: Backend, state: KnownState, customers: pd.Index, products: pd.Index) -> Held:
    who = _coded(connection, "pair_customers", "customer_id", customers)
    what = _coded(connection, "pair_products", "product_id", products)
    rows = (
        state.holdings.filter(_.sales > 0)
        .join(who, "customer_id")
        .join(what, "product_id")
        .select("customer", "product", "last_days", "first_days", "purchase_days")
        .order_by(["customer", "product"])
        .to_pyarrow()
    )
    return Held(*(rows[name].to_numpy() for name in Held._fields))


def _coded(connection: Backend, name: str, column: str, ids: pd.Index) -> ir.Table:
    code = {"customer_id": "customer", "product_id": "product"}[column]
    frame = pd.DataFrame({column: ids, code: np.arange(len(ids), dtype=np.int32)})
    return connection.create_table(name, frame, temp=True, overwrite=True)


def _early(held: Held, first_sale: np.ndarray, customers: int) -> tuple[np.ndarray, np.ndarray]:
    """Count by customer the products bought early, and all of which that can be told.

    What was sold when the data begin may be older than they are.
    """
    known = first_sale[held.product]
    if not len(known):
        return np.zeros(customers), np.zeros(customers)
    told = known < np.nanmax(first_sale) - 2 * EARLY_DAYS
    soon = told & (known - held.first_days <= EARLY_DAYS)
    return (
        np.bincount(held.customer[soon], minlength=customers).astype(np.float64),
        np.bincount(held.customer[told], minlength=customers).astype(np.float64),
    )
