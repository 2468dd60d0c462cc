"""Which part every product plays in a promotion: promoted, companion, family, or the rest."""

from collections.abc import Mapping
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from campaigns.effect.promotion_scope import AFTER_WEEKS, Scope
from models.effects.companions import companions

#: The level of the category at which companions are looked for.
KIND = "category_3"
#: Weeks for which a companion, or a kind that may lose, has to have been on sale before.
SETTLED_WEEKS = 26
#: Companions are mined from so many days before the start.
COMPANION_DAYS = 365
MOST_COMPANIONS = 3
#: Baskets that companions are mined from, at most.
MOST_BASKETS = 200_000


def product_roles(
    lines: ir.Table, products: pd.DataFrame, scopes: Mapping[str, Scope], name: str
) -> pd.DataFrame:
    """Return the products that teach something about a promotion, with the role of each.

    Parameters
    ----------
    lines : Table
        Receipt lines, of which companions are mined.
    products : DataFrame
        The products table.
    scopes : mapping of str to Scope
        Every promotion.
    name : str
        The one that is asked about.

    Returns
    -------
    DataFrame
        `product_id`, `line` (the family, or the product itself), `role` (own, companion,
        family or rest), `unit_cost`. Products that had a promotion of their own at the time,
        or were not on sale for long enough, are left out unless they are promoted.
    """
    own = scopes[name]
    promoted = products[products["product_id"].isin(own.products)]
    together = _companions(lines, products, promoted, starts_on=own.starts_on)
    roles = _roles(products, own, promoted, together)
    comparable = _settled(products, own) & ~_disturbed(products, scopes, name)
    return roles[comparable | (roles["role"] == "own")]


def kinds_of(products: pd.DataFrame, roles: pd.DataFrame, role: str) -> tuple[str, ...]:
    """Return the kinds of products that play a role, sorted."""
    ids = roles.loc[roles["role"] == role, "product_id"]
    return tuple(sorted(set(products.loc[products["product_id"].isin(ids), KIND].dropna())))


def _roles(
    products: pd.DataFrame, own: Scope, promoted: pd.DataFrame, together: tuple[str, ...]
) -> pd.DataFrame:
    """Return the role of every product: own, companion, family (same category) or rest.

    Editions follow one another: a model on sale since March says nothing of last year's
    March, but the one that it replaced does. So earlier and later editions of a promoted
    family count as own; while the promotion ran they were not on sale.
    """
    role = pd.Series("rest", index=products.index)
    role[products["category"].isin(promoted["category"].dropna())] = "family"
    role[products[KIND].isin(together)] = "companion"
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


def _disturbed(products: pd.DataFrame, scopes: Mapping[str, Scope], name: str) -> pd.Series:
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


def _settled(products: pd.DataFrame, own: Scope) -> pd.Series:
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


def _on_sale(products: pd.DataFrame, own: Scope) -> pd.Series:
    """Tell which products could be bought while the promotion ran."""
    launched = pd.to_datetime(products["launched_on"])
    withdrawn = pd.to_datetime(products["withdrawn_on"])
    late = launched >= pd.Timestamp(own.ends_on)
    gone = withdrawn <= pd.Timestamp(own.starts_on)
    return ~(late | gone)


def _companions(
    lines: ir.Table, products: pd.DataFrame, promoted: pd.DataFrame, *, starts_on: date
) -> tuple[str, ...]:
    """Return the kinds of products that go with the promoted ones, mined from before it began."""
    own = sorted(set(promoted[KIND].dropna()))
    if len(own) != 1:
        return ()
    kinds = ibis.memtable(products[["product_id", KIND]])
    since = starts_on - timedelta(days=COMPANION_DAYS)
    inside = lines.filter(_.event_on >= ibis.literal(since), _.event_on < ibis.literal(starts_on))
    pairs = inside.inner_join(kinds, "product_id").drop_null(KIND)
    pairs = pairs.select("order_id", KIND).distinct()
    several = pairs.group_by("order_id").aggregate(kinds=_.count()).filter(_.kinds > 1)
    table = pairs.inner_join(several, "order_id").order_by(["order_id", KIND]).to_pandas()
    table = table[table["order_id"].isin(table["order_id"].unique()[:MOST_BASKETS])]
    if not (table[KIND] == own[0]).any():
        return ()
    found = companions(table["order_id"], table[KIND], own[0])
    return tuple(map(str, found.index[found["found"]][:MOST_COMPANIONS]))
