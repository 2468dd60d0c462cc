"""The 63 columns that every engine computes for the comparison, by what they tell."""

from datetime import date, timedelta

AS_OF = date(2026, 1, 1)
ZONE = "Asia/Taipei"

COLUMNS: dict[str, tuple[str, ...]] = {
    "recency, frequency and money, by window": (
        "days_since_last_purchase",
        "days_since_first_purchase",
        "tenure_days",
        "order_count",
        *(f"order_count_{days}d" for days in (30, 90, 180, 365)),
        "spend_amount",
        *(f"spend_amount_{days}d" for days in (30, 90, 180, 365)),
        "purchase_days_count",
        "mean_order_amount",
        "mean_order_lines_count",
        "mean_order_pieces_count",
        "largest_order_amount",
        "order_variation_ratio",
        "single_line_order_share",
        *(f"order_trend_ratio_{days}d" for days in (30, 90, 180)),
        *(f"spend_trend_ratio_{days}d" for days in (30, 90, 180)),
        "discount_share_365d",
        *("return_count", "return_count_90d", "return_count_365d"),
        *("returned_amount_share", "returned_piece_share", "days_since_last_return"),
    ),
    "category shares": (
        "favourite_category",
        "favourite_category_spend_share",
        "favourite_category_spend_share_365d",
        "category_concentration_share",
        "days_since_favourite_category",
    ),
    "intervals": (
        "mean_gap_days",
        "elapsed_over_mean_gap_ratio",
        "gap_deviation_days",
        "gap_variation_ratio",
        "longest_gap_days",
        "last_gap_days",
        "elapsed_over_longest_gap_ratio",
        "overdue_score",
    ),
    "breadth": (
        "bought_product_count",
        "bought_category_count",
        "bought_category_count_365d",
        "new_category_count_180d",
        "bought_brand_count",
        "favourite_brand",
        "favourite_brand_spend_share",
        "visited_store_count",
        "favourite_store_order_share",
        "favourite_store_region",
        "favourite_store_format",
        "used_channel_count",
    ),
    "habit: weekday, day of the month, hour, channel": (
        "weekend_order_share",
        "pay_day_order_share",
        "morning_order_share",
        "evening_order_share",
        "online_order_share",
    ),
}
NAMES = tuple(name for names in COLUMNS.values() for name in names)


def cutoffs(number: int) -> list[date]:
    """Return the newest cut-offs, a month of thirty days apart, in order."""
    return sorted(AS_OF - timedelta(days=30 * back) for back in range(number))
