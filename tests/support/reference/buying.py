"""Orders, days, money, habits, returns."""

from collections import defaultdict
from itertools import pairwise
from statistics import mean, stdev

from reference.rows import Row, change, known, parts_of, share

WINDOWS = (30, 90, 180, 365)


def _orders(sales: list[Row]) -> list[Row]:
    """Return one row per order; what an order says of itself is that of its first known part."""
    found = []
    by_order = defaultdict(list)
    for row in sales:
        by_order[row["order_id"]].append(row)
    for lines in by_order.values():
        first = min((r["known"], r["day"]) for r in lines)
        part = [r for r in lines if (r["known"], r["day"]) == first]
        channels = [r["channel"] for r in part if r.get("channel")]
        shops = [r["store_id"] for r in part if r.get("store_id")]
        found.append({
            "before": part[0]["before"],
            "day": part[0]["day"],
            "hour": min(r["local"] for r in part).hour,
            "channel": max(channels, default=None),
            "store": max(shops, default=None),
            "amount": sum(r["amount"] for r in lines),
            "lines": len(lines),
            "pieces": sum(r["quantity"] for r in lines),
            "parts": {(r["known"], r["day"]) for r in lines},
        })  # fmt: skip
    return found


def buying(rows: list[Row]) -> Row:
    sales = [r for r in rows if r["kind"] == "sale"]
    orders = _orders(sales)
    days = sorted({r["day"] for r in sales})
    before = sorted({r["before"] for r in sales}, reverse=True)
    gaps = [(b - a).days for a, b in pairwise(days)]
    found: Row = {
        "days_since_last_purchase": before[-1] if before else None,
        "days_since_first_purchase": before[0] if before else None,
        "order_count": len(orders),
        "purchase_days_count": len(days),
        "mean_gap_days": mean(gaps) if gaps else None,
        "elapsed_over_mean_gap_ratio": before[-1] / mean(gaps) if gaps else None,
        "gap_deviation_days": stdev(gaps) if len(gaps) > 1 else None,
        "gap_variation_ratio": stdev(gaps) / mean(gaps) if len(gaps) > 1 else None,
        "longest_gap_days": max(gaps, default=None),
        "last_gap_days": gaps[-1] if gaps else None,
        "elapsed_over_longest_gap_ratio": before[-1] / max(gaps) if gaps else None,
        "overdue_score": share(before[-1] - mean(gaps), stdev(gaps)) if len(gaps) > 1 else None,
        "spend_amount": sum(r["amount"] for r in sales),
        "mean_order_amount": share(sum(r["amount"] for r in sales), len(orders)),
        "mean_order_lines_count": share(len(sales), len(orders)),
        "mean_order_pieces_count": share(sum(o["pieces"] for o in orders), len(orders)),
        "largest_order_amount": max((o["amount"] for o in orders), default=None),
        "order_variation_ratio": share(
            stdev(o["amount"] for o in orders), mean(o["amount"] for o in orders)
        ) if len(orders) > 1 else None,
        "single_line_order_share": share(sum(o["lines"] == 1 for o in orders), len(orders)),
        "weekend_order_share": share(sum(o["day"].weekday() > 4 for o in orders), len(orders)),
        "morning_order_share": share(sum(o["hour"] < 12 for o in orders), len(orders)),
        "evening_order_share": share(sum(o["hour"] >= 18 for o in orders), len(orders)),
        "pay_day_order_share": share(sum(5 <= o["day"].day < 15 for o in orders), len(orders)),
        "online_order_share": share(
            sum(o["channel"] in ("web", "app", "line") for o in orders),
            sum(o["channel"] is not None for o in orders),
        ),
    }  # fmt: skip
    channels = {max(c) for part in parts_of(sales) if (c := known(part, "channel"))}
    found["used_channel_count"] = len(channels)
    for days_ in WINDOWS:
        inside = [o for o in orders if o["before"] <= days_]
        found[f"order_count_{days_}d"] = len(inside)
        found[f"spend_amount_{days_}d"] = sum(r["amount"] for r in sales if r["before"] <= days_)
    for days_ in (30, 90, 180):
        found[f"order_trend_ratio_{days_}d"] = change(
            sum(o["before"] <= days_ for o in orders),
            sum(days_ < o["before"] <= 2 * days_ for o in orders),
        )
        found[f"spend_trend_ratio_{days_}d"] = change(
            sum(r["amount"] for r in sales if r["before"] <= days_),
            sum(r["amount"] for r in sales if days_ < r["before"] <= 2 * days_),
        )
    priced = [r for r in sales if r.get("discount") is not None]
    for days_ in (90, 365):
        inside = [r for r in priced if r["before"] <= days_]
        found[f"discount_share_{days_}d"] = share(
            sum(r["discount"] for r in inside), sum(r["discount"] + r["amount"] for r in inside)
        )
    found["discounted_line_share"] = share(sum(r["discount"] > 0 for r in priced), len(priced))
    found["promoted_line_share"] = share(
        sum(r.get("promotion_id") is not None for r in sales), len(sales)
    )
    back = [r for r in rows if r["kind"] == "return"]
    found |= {
        "return_count": len(back),
        "return_count_90d": sum(r["before"] <= 90 for r in back),
        "return_count_365d": sum(r["before"] <= 365 for r in back),
        "returned_piece_share": share(
            -sum(r["quantity"] for r in back), sum(r["quantity"] for r in sales)
        ),
        "returned_amount_share": share(
            -sum(r["amount"] for r in back), sum(r["amount"] for r in sales)
        ),
        "days_since_last_return": min((r["before"] for r in back), default=None),
    }
    return found
