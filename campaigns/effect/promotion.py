"""What a price promotion really added, from receipts alone: nobody drew lots for it."""

from collections.abc import Hashable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _
from pydantic import BaseModel, ConfigDict

from campaigns.effect.errors import EffectError
from models.effects import Promotion, promotion_effect
from models.effects.companions import companions
from pipeline.grain_store import Grains

#: Weeks after the end in which purchases may be missing.
AFTER_WEEKS = 4
#: Weeks for which a companion, or a kind that may lose, has to have been on sale before.
SETTLED_WEEKS = 26
#: Companions are mined from so many days before the start.
COMPANION_DAYS = 365
MOST_COMPANIONS = 3
#: Baskets that companions are mined from, at most.
MOST_BASKETS = 200_000
#: Days before and after its first day on which a festival moves sales.
FESTIVAL_BEFORE, FESTIVAL_AFTER = 14, 7
#: What stands for lines without a store, and for products that are not promoted.
ONLINE, RAN, OTHERS = "online", "(ran it)", "(did not run it)"


class Part(BaseModel):
    """One part of what a promotion added, in one unit.

    Attributes
    ----------
    part : str
        `own` (the promoted products, while it ran), `pull-forward` (the same in the weeks
        after), `cannibalisation` (the rest of the category), `halo` (companions), `net`.
    measure : str
        `units`, `sales` or `margin`.
    value, low, high : float
        What it added, with its interval.
    expected : float
        What would have been sold without it.
    """

    model_config = ConfigDict(frozen=True)

    part: str
    measure: str
    value: float
    low: float
    high: float
    expected: float


class PromotionReport(BaseModel):
    """What a promotion added.

    Attributes
    ----------
    promotion : str
        Which one.
    design : str
        `difference in differences` where some stores did not run it, else `baseline`.
    discount_share : float, optional
        Share taken off.
    starts_on, ends_on : date
        First day, and first day after the end.
    products, companions : tuple of str
        Promoted products, and the kinds of products in which a halo was looked for.
    family : tuple of str
        Kinds of products in which a loss was looked for: the rest of the category, except what
        had a promotion of its own at the time, or had not been on sale for half a year.
    stores : int, optional
        Stores that ran it; none where all did.
    excluded_weeks : int
        Weeks of other promotions of the same products, which teach nothing.
    parts : tuple of Part
        What it added.
    detail : tuple of dict
        The own effect by product family, store and week, the largest first.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = "promotion"
    promotion: str
    design: str
    discount_share: float | None
    starts_on: date
    ends_on: date
    level: float
    products: tuple[str, ...]
    companions: tuple[str, ...]
    family: tuple[str, ...]
    stores: int | None
    excluded_weeks: int
    parts: tuple[Part, ...]
    detail: tuple[dict[str, Any], ...]


class _Scope(NamedTuple):
    """What one row of `promotions` covers."""

    products: frozenset[str]
    stores: frozenset[str] | None
    starts_on: date
    ends_on: date
    discount_share: float | None


#: Rows of the detail that are kept.
MOST_DETAIL = 200


def effect_of_promotion(name: str, grains: Grains, *, as_of: date, level: float) -> PromotionReport:
    """Estimate what a promotion added in units, sales and margin.

    Weeks begin on the weekday on which it began. Quiet weeks are those without any promotion
    of the same products, nor within four weeks after one.

    Parameters
    ----------
    name : str
        The promotion.
    grains : Grains
        Tables.
    as_of : date
        What is known on or after it is not seen.
    level : float
        Confidence level of the intervals.

    Raises
    ------
    EffectError
        If it has not ended, or sold nothing.
    TrialError
        If there are too few quiet weeks.
    """
    products = grains.table("products", wanted_by=name).to_pandas()
    scopes = _scopes(grains.table("promotions", wanted_by=name), products)
    own = scopes[name]
    if own.ends_on > as_of:
        raise EffectError(
            f"{name} runs until {own.ends_on}, after {as_of}, where the data end. Ask again once "
            "it is over; four weeks later it is also known what was pulled forward."
        )
    if not own.products:
        raise EffectError(f"{name} names no product that the products table holds.")
    lines = _lines(grains, as_of=as_of)
    promoted = products[products["product_id"].isin(own.products)]
    together = _companions(lines, products, promoted, starts_on=own.starts_on)
    roles = _roles(products, own, promoted, together)
    comparable = _settled(products, own) & ~_disturbed(products, scopes, name)
    roles = roles[comparable | (roles["role"] == "own")]
    weekly = _weekly(grains, lines, roles, own, as_of=as_of)
    if not (weekly["role"] == "own").any():
        raise EffectError(f"none of the products of {name} was ever sold before {as_of}.")
    excluded = _excluded(scopes, name, weekly)
    ids = weekly.groupby("role")["product_id"].unique()
    ran = None if own.stores is None else [*own.stores, RAN]
    promotion = Promotion(
        products=list(ids["own"]),
        family=list(ids.get("family", [])),
        companions=list(ids.get("companion", [])),
        category=list(ids.get("rest", [])),
        starts_on=own.starts_on,
        ends_on=own.ends_on,
        stores=ran,
        after_weeks=AFTER_WEEKS,
    )
    found = promotion_effect(
        weekly.drop(columns="role"),
        promotion,
        calendar=_festivals(weekly["week"]),
        excluded=excluded,
        level=level,
    )
    detail = found.detail.sort_values("increment", ascending=False).head(MOST_DETAIL)
    return PromotionReport(
        promotion=name,
        design=found.design,
        discount_share=own.discount_share,
        starts_on=own.starts_on,
        ends_on=own.ends_on,
        level=level,
        products=tuple(sorted(own.products)),
        companions=tuple(sorted(_kinds(products, roles, "companion"))),
        family=tuple(sorted(_kinds(products, roles, "family"))),
        stores=None if own.stores is None else len(own.stores),
        excluded_weeks=len(excluded),
        parts=tuple(Part.model_validate(row) for row in found.summary.to_dict(orient="records")),
        detail=tuple(_detail(row) for row in detail.to_dict(orient="records")),
    )


def _detail(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    named = {str(key): value for key, value in row.items()}
    return {**named, "week": pd.Timestamp(named["week"]).date()}


def _scopes(promotions: ir.Table, products: pd.DataFrame) -> dict[str, _Scope]:
    found = {}
    for row in promotions.to_pyarrow().to_pylist():
        ids = _split(row["product_ids"])
        categories = _split(row["categories"])
        if categories:
            levels = [c for c in ("category", "category_2", "category_3") if c in products]
            inside = products[levels].isin(categories).any(axis=1)
            ids |= set(products.loc[inside, "product_id"])
        known = frozenset(ids & set(products["product_id"]))
        stores = _split(row["store_ids"])
        found[row["promotion_id"]] = _Scope(
            known,
            frozenset(stores) if stores else None,
            row["starts_on"],
            row["ends_on"],
            row["discount_share"],
        )
    return found


def _split(text: str | None) -> set[str]:
    return set() if not text else {part.strip() for part in text.split("|") if part.strip()}


def _lines(grains: Grains, *, as_of: date) -> ir.Table:
    """Return sales known before the cut-off; returns come back weeks later and are left out."""
    rows = grains.table("transactions")
    known = rows.filter(_.kind == "sale", _.available_on < ibis.literal(as_of))
    return known.select("order_id", "product_id", "store_id", "event_on", "quantity", "amount")


def _roles(
    products: pd.DataFrame, own: _Scope, promoted: pd.DataFrame, together: tuple[str, ...]
) -> pd.DataFrame:
    """Return the role of every product: own, companion, family (same category) or rest.

    Editions follow one another: a model on sale since March says nothing of last year's
    March, but the one that it replaced does. So earlier and later editions of a promoted
    family count as own; while the promotion ran they were not on sale.
    """
    role = pd.Series("rest", index=products.index)
    role[products["category"].isin(promoted["category"].dropna())] = "family"
    role[products[_KIND].isin(together)] = "companion"
    line = products["family"].fillna(products["product_id"])
    same_line = line.isin(line[products["product_id"].isin(own.products)])
    role[same_line & ~_on_sale(products, own)] = "own"
    role[products["product_id"].isin(own.products)] = "own"
    return pd.DataFrame(
        {
            "product_id": products["product_id"],
            "line": line,
            "role": role,
            "unit_cost": products["unit_cost"].astype(float),
        }
    )


def _disturbed(products: pd.DataFrame, scopes: Mapping[str, _Scope], name: str) -> pd.Series:
    """Tell which families had a promotion of their own at the time, or shortly before.

    What they sold then says nothing of what this promotion took from them or brought them.
    """
    own = scopes[name]
    after = timedelta(weeks=AFTER_WEEKS)
    busy = frozenset[str]().union(
        *(
            scope.products
            for other, scope in scopes.items()
            if other != name
            and scope.starts_on < own.ends_on
            and scope.ends_on + after > own.starts_on
        )
    )
    line = products["family"].fillna(products["product_id"])
    return line.isin(line[products["product_id"].isin(busy)])


def _settled(products: pd.DataFrame, own: _Scope) -> pd.Series:
    """Tell which families were on sale long enough before it began, and until it ended.

    What was not to be had can neither lose nor gain, and what has just come has no quiet weeks.
    """
    line = products["family"].fillna(products["product_id"])
    launched = pd.to_datetime(products["launched_on"])
    withdrawn = pd.to_datetime(products["withdrawn_on"])
    settled = pd.Timestamp(own.starts_on) - pd.Timedelta(weeks=SETTLED_WEEKS)
    long_ago = launched.isna() | (launched <= settled)
    still = withdrawn.isna() | (withdrawn >= pd.Timestamp(own.ends_on))
    return long_ago.groupby(line).transform("any") & still.groupby(line).transform("any")


def _on_sale(products: pd.DataFrame, own: _Scope) -> pd.Series:
    """Tell which products could be bought while the promotion ran."""
    launched = pd.to_datetime(products["launched_on"])
    withdrawn = pd.to_datetime(products["withdrawn_on"])
    late = launched >= pd.Timestamp(own.ends_on)
    gone = withdrawn <= pd.Timestamp(own.starts_on)
    return ~(late | gone)


def _kinds(products: pd.DataFrame, roles: pd.DataFrame, role: str) -> set[str]:
    ids = roles.loc[roles["role"] == role, "product_id"]
    return set(products.loc[products["product_id"].isin(ids), _KIND].dropna())


#: The level of the category at which companions are looked for.
_KIND = "category_3"


def _companions(
    lines: ir.Table, products: pd.DataFrame, promoted: pd.DataFrame, *, starts_on: date
) -> tuple[str, ...]:
    """Return the kinds of products that go with the promoted ones, mined from before it began."""
    own = sorted(set(promoted[_KIND].dropna()))
    if len(own) != 1:
        return ()
    kinds = ibis.memtable(products[["product_id", _KIND]])
    since = starts_on - timedelta(days=COMPANION_DAYS)
    inside = lines.filter(_.event_on >= ibis.literal(since), _.event_on < ibis.literal(starts_on))
    pairs = inside.inner_join(kinds, "product_id").drop_null(_KIND)
    pairs = pairs.select("order_id", _KIND).distinct()
    several = pairs.group_by("order_id").aggregate(kinds=_.count()).filter(_.kinds > 1)
    table = pairs.inner_join(several, "order_id").order_by(["order_id", _KIND]).to_pandas()
    table = table[table["order_id"].isin(table["order_id"].unique()[:MOST_BASKETS])]
    if not (table[_KIND] == own[0]).any():
        return ()
    found = companions(table["order_id"], table[_KIND], own[0])
    return tuple(map(str, found.index[found["found"]][:MOST_COMPANIONS]))


def _weekly(
    grains: Grains, lines: ir.Table, roles: pd.DataFrame, own: _Scope, *, as_of: date
) -> pd.DataFrame:
    """Return whole weeks: promoted families one by one and by store, all others by role."""
    joined = lines.inner_join(ibis.memtable(roles), "product_id")
    store = joined.store_id.fill_null(ONLINE)
    joined = joined.mutate(store_id=store)
    promoted = joined.role == "own"
    ran = ibis.literal(RAN)
    side = (
        ran
        if own.stores is None
        else joined.store_id.isin(sorted(own.stores)).ifelse(ran, ibis.literal(OTHERS))
    )
    days = joined.event_on.delta(ibis.literal(own.starts_on), unit="day")
    cost = joined.quantity.cast("float64") * joined.unit_cost
    table = (
        joined.mutate(
            number=(days / 7.0).floor().cast("int64"),
            product_id=promoted.ifelse(joined.line, joined.role),
            store_id=promoted.ifelse(joined.store_id, side),
            margin=joined.amount.cast("float64") - cost,
        )
        .group_by(["number", "role", "product_id", "store_id"])
        .aggregate(
            units=_.quantity.sum().cast("float64"),
            sales=_.amount.sum().cast("float64"),
            margin=_.margin.sum(),
            uncosted=(_.count() - _.margin.count()),
        )
        .order_by(["number", "product_id", "store_id"])
    )
    found = grains.connection.to_pandas(table)
    whole = (as_of - own.starts_on).days // 7
    found = found[(found["number"] < whole) & (found["number"] > found["number"].min())]
    found["week"] = pd.to_datetime(own.starts_on) + pd.to_timedelta(7 * found["number"], unit="D")
    costed = not found.loc[found["role"] == "own", "uncosted"].any()
    left: pd.DataFrame = found.drop(columns=["number", "uncosted", *([] if costed else ["margin"])])
    return left


def _excluded(scopes: Mapping[str, _Scope], name: str, weekly: pd.DataFrame) -> list[date]:
    """Return the weeks that another promotion of the same products touched."""
    own = scopes[name]
    weeks = pd.DatetimeIndex(sorted(weekly["week"].unique()))
    busy: set[date] = set()
    for other, scope in scopes.items():
        if other == name or not scope.products & own.products:
            continue
        end = pd.Timestamp(scope.ends_on) + pd.Timedelta(weeks=AFTER_WEEKS)
        touched = (weeks + pd.Timedelta(days=7) > pd.Timestamp(scope.starts_on)) & (weeks < end)
        busy |= {week.date() for week in weeks[touched]}
    return sorted(busy)


def _festivals(weeks: pd.Series) -> pd.DataFrame:
    """Return one column per festival: the share of its time that lies in each week."""
    from features.calendar import festival_days

    every = pd.DatetimeIndex(sorted(weeks.unique()))
    days = festival_days.build().to_pandas()
    table = pd.DataFrame(0.0, index=every, columns=sorted(days["festival"].unique()))
    for row in days.itertuples():
        first = pd.Timestamp(row.event_on) - pd.Timedelta(days=FESTIVAL_BEFORE)
        last = pd.Timestamp(row.event_on) + pd.Timedelta(days=FESTIVAL_AFTER)
        if last < every[0] or first > every[-1] + pd.Timedelta(days=7):
            continue
        overlap = pd.Series(
            [
                max(0.0, (min(last, week + pd.Timedelta(days=7)) - max(first, week)).days)
                for week in every
            ],
            index=every,
        )
        table[row.festival] += overlap / 7
    return table[[name for name in table if table[name].any()]]
