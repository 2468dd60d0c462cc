"""Every product feature again, in plain Python: slow, obvious, and written apart."""

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

import pandas as pd

from reference.holding import placed
from reference.rows import Row, change, share, visible

_SEASONS = ("winter", "spring", "summer", "autumn")


def product_reference(tables: dict[str, list[Row]], *, as_of: date, time_zone: str) -> pd.DataFrame:
    """Return every product feature of every listed product, by product."""
    zone = ZoneInfo(time_zone)
    products = [p for p in tables["products"] if p.get("purpose") != "health"]
    sales = [r for r in lines_seen(tables, as_of, zone) if r["kind"] == "sale"]
    by_id = {p["product_id"]: {**p, "like": like_of(p)} for p in placed(products)}
    companions = _companions(sales, by_id)
    season = _SEASONS[as_of.month % 12 // 3]
    of_season = _companions(sales, by_id, season)
    rows = {
        name: {
            **_one(p, sales, by_id, companions, as_of),
            "season_companion_category": of_season.get(p["like"], (None,))[0],
            "season_companion_lift_ratio": of_season.get(p["like"], (None,) * 3)[2],
        }
        for name, p in by_id.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").sort_index()


def lines_seen(tables: dict[str, list[Row]], as_of: date, zone: ZoneInfo) -> list[Row]:
    """Return the lines that the cut-off sees, those without a customer included."""
    ill = {p["product_id"] for p in tables["products"] if p.get("purpose") == "health"}
    anonymous = [{**r, "customer_id": r["customer_id"] or "?"} for r in tables["transactions"]]
    return [
        {**r, "customer_id": None if r["customer_id"] == "?" else r["customer_id"]}
        for r in visible(anonymous, as_of, zone)
        if r["product_id"] not in ill
    ]


def like_of(product: Row) -> str | None:
    return product.get("category_3") or product.get("category_2") or product.get("category")


def _one(
    product: Row, sales: list[Row], by_id: dict[str, Row], companions: dict, as_of: date
) -> Row:
    own = [r for r in sales if r["product_id"] == product["product_id"]]
    sold = {n: sum(r["quantity"] for r in own if r["before"] <= n) for n in (30, 60, 90, 180, 365)}
    alike = sum(
        r["quantity"]
        for r in sales
        if r["before"] <= 30 and by_id.get(r["product_id"], {}).get("like") == product["like"]
    )
    season = [r for r in sales if 275 < r["before"] <= 365]
    like = {p for p, of in by_id.items() if product["like"] and of["like"] == product["like"]}
    launched = product.get("launched_on")
    age = (as_of - launched).days if launched else max((r["before"] for r in own), default=None)
    trend = change(sold[90], sold[180] - sold[90])
    gone = product.get("withdrawn_on")
    if age is not None and age <= 0:
        stage = "announced"
    elif gone is not None and gone < as_of:
        stage = "withdrawn"
    elif age is not None and age <= 90:
        stage = "launch"
    elif not sold[180]:
        stage = "unsold"
    else:
        stage = "growth" if trend > 0.2 else "decline" if trend < -0.2 else "mature"
    family, generation = product.get("family"), product.get("generation")
    kin = [p for p in by_id.values() if family and generation and p.get("family") == family
           and p.get("generation")]  # fmt: skip
    later = [p["launched_on"] for p in kin if p["generation"] > generation and p.get("launched_on")]
    since = (as_of - min(later)).days if later else None
    best = companions.get(product["like"])
    return {
        "sold_pieces_count_30d": sold[30],
        "sold_pieces_count_90d": sold[90],
        "sold_pieces_count_365d": sold[365],
        "buyer_customer_count_365d": len(
            {r["customer_id"] for r in own if r["before"] <= 365 and r["customer_id"]}
        ),
        "buyer_customer_count_90d": len(
            {r["customer_id"] for r in own if r["before"] <= 90 and r["customer_id"]}
        ),
        "season_pieces_count_90d": sum(
            r["quantity"] for r in season if r["product_id"] == product["product_id"]
        ),
        "category_pieces_count_30d": alike if product["like"] else None,
        "category_season_pieces_count_90d": sum(
            r["quantity"] for r in season if r["product_id"] in like
        )
        if product["like"]
        else None,
        "product_category": product.get("category"),
        "product_narrow_category": product["like"],
        "heat_share": share(sold[30], alike) if product["like"] else None,
        "heat_trend_ratio_30d": change(sold[30], sold[60] - sold[30]),
        "heat_trend_ratio_90d": trend,
        "life_cycle_stage": stage,
        "is_new_product": int(age is None or age <= 90),
        "days_since_launch": (as_of - launched).days if launched else None,
        "days_since_last_sale": min((r["before"] for r in own), default=None),
        "product_list_price_amount": product.get("list_price"),
        "product_price_position_share": product["position"],
        "product_brand_premium_ratio": product["premium"],
        "product_generation": generation,
        "has_predecessor_product": int(any(p["generation"] < generation for p in kin)),
        "days_since_successor_launch": since if since is not None and since > 0 else None,
        "typical_repurchase_days": typical_gap(product, sales, by_id),
        "supply_of_piece_days": product.get("days_of_supply"),
        "companion_category": best[0] if best else None,
        "companion_support_share": best[3] if best else None,
        "companion_confidence_share": best[1] if best else None,
        "companion_lift_ratio": best[2] if best else None,
    }


def typical_gap(product: Row, sales: list[Row], by_id: dict[str, Row]) -> float | None:
    for level in ("like", "category"):
        if product.get(level) is None:
            continue
        days = defaultdict(set)
        for r in sales:
            if r["customer_id"] and by_id.get(r["product_id"], {}).get(level) == product[level]:
                days[r["customer_id"]].add(r["day"])
        gaps = [(b - a).days for own in days.values() for a, b in pairwise(sorted(own))]
        if len(gaps) >= 20:
            return float(median(gaps))
    return None


def associations(
    sales: list[Row], by_id: dict[str, Row], season: str | None = None
) -> dict[tuple[str, str], Row]:
    """Return support, confidence, lift and joint orders by pair of categories."""
    first: dict[tuple[str, str], tuple] = {}
    for r in sales:
        item = r["order_id"], by_id.get(r["product_id"], {}).get("like")
        if item[1] is not None:
            first[item] = min(first.get(item, (date.max,)), (r["known"], r["day"]))
    orders = defaultdict(set)
    for (order, like), (_, day) in first.items():
        if season in (None, _SEASONS[day.month % 12 // 3]):
            orders[order].add(like)
    alone = Counter(like for found in orders.values() for like in found)
    joint = Counter((a, b) for found in orders.values() for a in found for b in found if a != b)
    return {
        (lead, other): {
            "joint": n,
            "support": n / len(orders),
            "confidence": n / alone[lead],
            "lift": n * len(orders) / (alone[lead] * alone[other]),
        }
        for (lead, other), n in joint.items()
        if n >= 10
    }


def _companions(sales: list[Row], by_id: dict[str, Row], season: str | None = None) -> dict:
    best: dict = {}
    for (lead, other), of in associations(sales, by_id, season).items():
        candidate = (-of["lift"], -of["joint"], other, of["confidence"], of["support"])
        best[lead] = min(best.get(lead, candidate), candidate)
    return {lead: (other, part, -lift, both) for lead, (lift, _, other, part, both) in best.items()}
