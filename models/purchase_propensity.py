"""Which product, for whom: P(a customer buys a product within the horizon)."""

from typing import TYPE_CHECKING

import ibis.expr.types as ir

from features.frequency import (
    elapsed_over_mean_gap_ratio,
    mean_gap_days,
    order_count_within,
    purchase_days_count,
)
from features.grains import lines
from features.habit import online_order_share
from features.money import mean_order_amount, mean_order_lines_count, spend_amount_within
from features.ownership import early_adoption_product_share, mean_adoption_days
from features.pairs import PAIR_FEATURES, pair_state
from features.person import age_years, children_count, gender, income_band, life_stage
from features.price import discount_share_within, price_tier_share, upper_tier_piece_share
from features.product import (
    buyer_customer_count_90d,
    buyer_customer_count_365d,
    category_pieces_count_30d,
    category_season_pieces_count_90d,
    days_since_last_sale,
    days_since_launch,
    days_since_successor_launch,
    heat_share,
    heat_trend_ratio_30d,
    heat_trend_ratio_90d,
    life_cycle_stage,
    product_brand_premium_ratio,
    product_category,
    product_list_price_amount,
    product_narrow_category,
    product_price_position_share,
    season_pieces_count_90d,
    sold_pieces_count_within,
    supply_of_piece_days,
    typical_repurchase_days,
)
from features.pulls import PULLS
from features.recency import days_since_first_purchase, days_since_last_purchase
from features.variety import bought_category_count, bought_product_count
from models.definition import PairModel, Sampling, label

if TYPE_CHECKING:
    from models.learners import StateCalibrated

#: Days without a sale after which a product that nobody withdrew is taken for sold out.
QUIET_DAYS = 180


def on_sale(offers: ir.Table) -> ir.BooleanValue:
    """Tell which products can be bought: launched, not withdrawn, and still moving.

    A product without a launch day is on sale from its first sale on. One that nobody bought
    for 180 days counts as gone, unless it was launched since.
    """
    launched = offers.launch_days.coalesce(offers.first_sale_days) >= 0
    kept = offers.withdrawn_on.isnull() | (offers.withdrawn_on > offers.as_of)
    moving = (offers.last_sale_days <= QUIET_DAYS) | (offers.launch_days <= QUIET_DAYS)
    return (launched & kept & moving).fill_null(False)  # noqa: FBT003 - a value, not a switch


@label(lines)
def buys_product(rows: ir.Table) -> ir.Value:
    """1 if there is a sale of the product to the customer in the outcome window."""
    return (rows.sales.sum() > 0).cast("int64")


def _by_state(seed: int) -> "StateCalibrated":
    from models.learners import PropensityClassifier, StateCalibrated

    # Nothing to blend: a line in a hundred columns of pairs takes longer than all the trees.
    pooled = PropensityClassifier(
        trees=300, min_leaf=50, blend=False, calibration="beta", seed=seed
    )
    return StateCalibrated(column=pair_state.name, pooled=pooled)


purchase_propensity = PairModel(
    name="purchase_propensity",
    title={"en": "Probability to buy a product", "zh-TW": "商品購買機率"},
    unit="pair",
    eligible=on_sale,
    label=buys_product,
    gap_days=0,
    horizon_days=90,
    features=(
        *PAIR_FEATURES.values(),
        *PULLS,
        *sold_pieces_count_within.values(),
        season_pieces_count_90d,
        buyer_customer_count_90d,
        buyer_customer_count_365d,
        product_category,
        product_narrow_category,
        category_pieces_count_30d,
        category_season_pieces_count_90d,
        heat_share,
        heat_trend_ratio_30d,
        heat_trend_ratio_90d,
        life_cycle_stage,
        days_since_launch,
        days_since_last_sale,
        product_list_price_amount,
        product_price_position_share,
        product_brand_premium_ratio,
        days_since_successor_launch,
        typical_repurchase_days,
        supply_of_piece_days,
        days_since_last_purchase,
        days_since_first_purchase,
        purchase_days_count,
        *(order_count_within[days] for days in (30, 90, 180, 365)),
        mean_gap_days,
        elapsed_over_mean_gap_ratio,
        spend_amount_within[365],
        mean_order_amount,
        mean_order_lines_count,
        bought_product_count,
        bought_category_count,
        price_tier_share,
        early_adoption_product_share,
        mean_adoption_days,
        upper_tier_piece_share,
        online_order_share,
        discount_share_within[365],
        age_years,
        life_stage,
        gender,
        children_count,
        income_band,
    ),
    state=pair_state,
    learner=_by_state,
    cadence="monthly",
    sampling=Sampling(most_rows=400_000),
)
