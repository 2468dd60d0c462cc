"""Products that no snapshot has seen: what is known of them before the first sale."""

import ibis
import ibis.expr.types as ir
from ibis import _

from features.pair_context import KnownState
from features.price_position import with_price_position


def with_passed_in(state: KnownState, products: ir.Table) -> KnownState:
    """Return a state in which some products stand as if they were launched on the cut-off.

    Their attributes are their own, their price stands among the catalogue, the season and the
    typical interval are those of their category, and nothing of them was sold yet. They take
    the place of products with the same id.

    Parameters
    ----------
    state : KnownState
        Of one cut-off.
    products : Table
        Rows with the columns of `products`; what is missing is null.
    """
    catalogue = state.products
    new = products.select(catalogue.columns).cast(dict(catalogue.schema().items()))
    kept = catalogue.anti_join(new.select("product_id"), "product_id")
    whole = kept.union(new)
    placed = with_price_position(whole).semi_join(new, "product_id")
    before = kept.filter(_.family.notnull(), _.generation.notnull()).select(
        "family", earlier="generation"
    )
    older = (
        placed.select("product_id", "family", "generation")
        .join(before, "family")
        .filter(_.earlier < _.generation)
        .select("product_id", has_older=ibis.literal(True))  # noqa: FBT003 - a value
        .distinct()
    )
    offers = state.offers
    of_like = offers.group_by("like").aggregate(
        like_gap=_.repurchase_gap.min(),
        like_pieces_30=_.like_pieces_30.max(),
        like_season_pieces=_.like_season_pieces.max(),
    )
    of_wide = offers.group_by("wide").aggregate(wide_gap=_.wide_gap.min())
    day = offers.aggregate(as_of=_.as_of.max())
    rows = (
        placed.select(
            "product_id", "like", "price_position", "brand_premium", "price_band", "list_price",
            "generation", "days_of_supply", wide="category",
        )
        .left_join(older, "product_id")
        .drop("product_id_right")
        .left_join(of_like, "like")
        .drop("like_right")
        .left_join(of_wide, "wide")
        .drop("wide_right")
        .cross_join(day)
    )  # fmt: skip
    nothing = [name for name in offers.columns if name.startswith(("pieces_", "buyers_"))]
    rows = rows.mutate(
        **dict.fromkeys(nothing, ibis.literal(0)),
        season_pieces=ibis.literal(0),
        heat_share=rows["like"].notnull().ifelse(ibis.literal(0.0), ibis.null("float64")),
        has_predecessor=_.has_older.fill_null(False),  # noqa: FBT003 - a value, not a switch
        repurchase_gap=_.like_gap.coalesce(_.wide_gap),
        launch_days=ibis.literal(0),
    )
    missing = {
        name: ibis.null(kind) for name, kind in offers.schema().items() if name not in rows.columns
    }
    rows = rows.mutate(**missing).select(offers.columns).cast(dict(offers.schema().items()))
    sold = offers.anti_join(new.select("product_id"), "product_id")
    return state._replace(products=whole, offers=sold.union(rows))
