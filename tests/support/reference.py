"""The whole catalogue again, in plain Python and pandas: slow, obvious, and written apart.

Nothing is shared with `features` but the names. One customer at a time, one value at a time.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from statistics import mean, stdev
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from features.calendar import festival_days

Row = dict[str, Any]
WINDOWS = (30, 90, 180, 365)
FACTS = (
    "transactions", "consents", "card_events", "contacts", "interactions", "surveys",
    "service_cases",
)  # fmt: skip


def reference(tables: dict[str, list[Row]], *, as_of: date, time_zone: str) -> pd.DataFrame:
    """Return every customer feature of every member known at the cut-off, by customer."""
    zone = ZoneInfo(time_zone)
    facts = {name: _visible(tables.get(name, []), as_of, zone) for name in FACTS}
    ill = {p["product_id"] for p in tables["products"] if p.get("purpose") == "health"}
    products = {
        p["product_id"]: p
        for p in _placed([p for p in tables["products"] if p["product_id"] not in ill])
    }
    facts["transactions"] = [r for r in facts["transactions"] if r["product_id"] not in ill]
    stores = {s["store_id"]: s for s in tables["stores"]}
    joined: dict[str, date] = {}
    for row in tables["customers"]:
        name = row["customer_id"]
        joined[name] = min(joined.get(name, row["joined_on"]), row["joined_on"])
    rows = {}
    for name, day in joined.items():
        if day < as_of:
            own = {
                key: [r for r in found if r["customer_id"] == name] for key, found in facts.items()
            }
            profile = _profile([r for r in tables["customers"] if r["customer_id"] == name], as_of)
            rows[name] = {
                "tenure_days": (as_of - day).days,
                **_person(profile, as_of),
                **_buying(own["transactions"]),
                **_holding(own["transactions"], products, as_of),
                **_visiting(own["transactions"], stores),
                **_rest(own),
            }
    frame = pd.DataFrame.from_dict(rows, orient="index").sort_index()
    for column, value in _moment(as_of).items():
        frame[column] = value
    return frame


def _visible(rows: list[Row], as_of: date, zone: ZoneInfo) -> list[Row]:
    seen = []
    for row in rows:
        happened = row["event_time"].astimezone(zone)
        known = row["available_time"].astimezone(zone)
        if known.date() < as_of and row["customer_id"] is not None:
            seen.append(
                {
                    **row,
                    "local": happened,
                    "day": happened.date(),
                    "known": known.date(),
                    "before": (as_of - happened.date()).days,
                }
            )
    return seen


def _profile(rows: list[Row], as_of: date) -> Row:
    for row in rows:
        since, until = row.get("valid_from") or row["joined_on"], row.get("valid_to")
        if since < as_of and (until is None or until >= as_of):
            return row
    return {}


def _person(row: Row, as_of: date) -> Row:
    born = row.get("birth_year")
    age = None if born is None else as_of.year - born
    children = row.get("children")
    if age is None:
        stage = None
    elif age >= 60:
        stage = "senior"
    elif children:
        stage = "family"
    elif row.get("marital_status") == "married":
        stage = "couple"
    else:
        stage = "young" if age < 35 else "single"
    interests = row.get("interests")
    return {
        "age_years": age if age is not None and 0 <= age <= 120 else None,
        "gender": row.get("gender"),
        "marital_status": row.get("marital_status"),
        "education": row.get("education"),
        "occupation": row.get("occupation"),
        "income_band": row.get("income_band"),
        "children_count": children,
        "home_region": row.get("region"),
        "home_city": row.get("city"),
        "preferred_language": row.get("language"),
        "stated_interest_count": len(interests.split("|")) if interests else 0,
        "life_stage": stage,
    }


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _change(recent: float, earlier: float) -> float | None:
    return _share(recent - earlier, recent + earlier)


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


def _buying(rows: list[Row]) -> Row:
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
        "overdue_score": _share(before[-1] - mean(gaps), stdev(gaps)) if len(gaps) > 1 else None,
        "spend_amount": sum(r["amount"] for r in sales),
        "mean_order_amount": _share(sum(r["amount"] for r in sales), len(orders)),
        "mean_order_lines_count": _share(len(sales), len(orders)),
        "mean_order_pieces_count": _share(sum(o["pieces"] for o in orders), len(orders)),
        "largest_order_amount": max((o["amount"] for o in orders), default=None),
        "order_variation_ratio": _share(
            stdev(o["amount"] for o in orders), mean(o["amount"] for o in orders)
        ) if len(orders) > 1 else None,
        "single_line_order_share": _share(sum(o["lines"] == 1 for o in orders), len(orders)),
        "weekend_order_share": _share(sum(o["day"].weekday() > 4 for o in orders), len(orders)),
        "morning_order_share": _share(sum(o["hour"] < 12 for o in orders), len(orders)),
        "evening_order_share": _share(sum(o["hour"] >= 18 for o in orders), len(orders)),
        "pay_day_order_share": _share(sum(5 <= o["day"].day < 15 for o in orders), len(orders)),
        "online_order_share": _share(
            sum(o["channel"] in ("web", "app", "line") for o in orders),
            sum(o["channel"] is not None for o in orders),
        ),
    }  # fmt: skip
    channels = {max(c) for part in _parts(sales) if (c := _known(part, "channel"))}
    found["used_channel_count"] = len(channels)
    for days_ in WINDOWS:
        inside = [o for o in orders if o["before"] <= days_]
        found[f"order_count_{days_}d"] = len(inside)
        found[f"spend_amount_{days_}d"] = sum(r["amount"] for r in sales if r["before"] <= days_)
    for days_ in (30, 90, 180):
        found[f"order_trend_ratio_{days_}d"] = _change(
            sum(o["before"] <= days_ for o in orders),
            sum(days_ < o["before"] <= 2 * days_ for o in orders),
        )
        found[f"spend_trend_ratio_{days_}d"] = _change(
            sum(r["amount"] for r in sales if r["before"] <= days_),
            sum(r["amount"] for r in sales if days_ < r["before"] <= 2 * days_),
        )
    priced = [r for r in sales if r.get("discount") is not None]
    for days_ in (90, 365):
        inside = [r for r in priced if r["before"] <= days_]
        found[f"discount_share_{days_}d"] = _share(
            sum(r["discount"] for r in inside), sum(r["discount"] + r["amount"] for r in inside)
        )
    found["discounted_line_share"] = _share(sum(r["discount"] > 0 for r in priced), len(priced))
    found["promoted_line_share"] = _share(
        sum(r.get("promotion_id") is not None for r in sales), len(sales)
    )
    back = [r for r in rows if r["kind"] == "return"]
    found |= {
        "return_count": len(back),
        "return_count_90d": sum(r["before"] <= 90 for r in back),
        "return_count_365d": sum(r["before"] <= 365 for r in back),
        "returned_piece_share": _share(
            -sum(r["quantity"] for r in back), sum(r["quantity"] for r in sales)
        ),
        "returned_amount_share": _share(
            -sum(r["amount"] for r in back), sum(r["amount"] for r in sales)
        ),
        "days_since_last_return": min((r["before"] for r in back), default=None),
    }
    return found


def _parts(sales: list[Row]) -> list[list[Row]]:
    parts = defaultdict(list)
    for row in sales:
        parts[row["order_id"], row["day"], row["known"]].append(row)
    return list(parts.values())


def _known(rows: list[Row], column: str) -> list[Any]:
    return [r[column] for r in rows if r.get(column) is not None]


def _placed(products: list[Row]) -> list[Row]:
    placed = []
    for one in products:
        like = one.get("category_3") or one.get("category_2") or one.get("category")
        peers = [
            p for p in products
            if (p.get("category_3") or p.get("category_2") or p.get("category")) == like
            and p.get("list_price") is not None
        ]  # fmt: skip
        position = premium = None
        if like is not None and one.get("list_price") is not None:
            others = [p["list_price"] for p in peers if p["product_id"] != one["product_id"]]
            beaten = sum((o < one["list_price"]) + (o == one["list_price"]) / 2 for o in others)
            position = beaten / len(others) if others else 0.5
            own = [p["list_price"] for p in peers if p.get("brand") == one.get("brand")]
            premium = _share(mean(own), mean(p["list_price"] for p in peers))
        placed.append({**one, "position": position, "premium": premium})
    return placed


def _holding(rows: list[Row], products: dict[str, Row], as_of: date) -> Row:
    held = []
    for product_id in sorted({r["product_id"] for r in rows}):
        own = [r for r in rows if r["product_id"] == product_id]
        sales = [r for r in own if r["kind"] == "sale"]
        pieces = sum(r["quantity"] for r in sales)
        back = -sum(r["quantity"] for r in own if r["kind"] == "return")
        last = min((r["before"] for r in sales), default=None)
        held.append({
            **products.get(product_id, {}),
            "pieces": pieces,
            "held": max(pieces - back, 0),
            "amount": sum(r["amount"] for r in sales),
            "amount_365": sum(r["amount"] for r in sales if r["before"] <= 365),
            "last": last,
            "first": max((r["before"] for r in sales), default=None),
            "first_on": min((r["day"] for r in sales), default=None),
            "last_pieces": sum(r["quantity"] for r in sales if r["before"] == last),
        })  # fmt: skip
    bought = [h for h in held if h["last"] is not None]

    def weighted(attribute: str) -> float | None:
        known = [h for h in bought if h.get(attribute) is not None]
        return _share(sum(h[attribute] * h["pieces"] for h in known),
                      sum(h["pieces"] for h in known))  # fmt: skip

    placed = [h for h in bought if h.get("position") is not None]
    adopted = [
        (h["first_on"] - h["launched_on"]).days for h in bought if h.get("launched_on") is not None
    ]
    spoken = [(-h["last"], h["language"]) for h in bought if h.get("language")]
    left = [
        h["last_pieces"] * h["days_of_supply"] - h["last"]
        for h in bought
        if h.get("days_of_supply") and h["last"] <= 3 * h["last_pieces"] * h["days_of_supply"]
    ]
    return {
        "bought_product_count": len(bought),
        "held_product_count": sum(h["held"] > 0 for h in held),
        "price_tier_share": weighted("position"),
        "brand_premium_ratio": weighted("premium"),
        "mean_list_price_amount": weighted("list_price"),
        "upper_tier_piece_share": _share(
            sum(h["pieces"] for h in placed if h["position"] > 0.75),
            sum(h["pieces"] for h in placed),
        ),
        "mean_adoption_days": mean(max(d, 0) for d in adopted) if adopted else None,
        "early_adoption_product_share": mean(d <= 90 for d in adopted) if adopted else None,
        "last_edition_language": max(spoken)[1] if spoken else None,
        "supply_left_days": min(left, default=None),
        "supply_due_product_count": sum(days <= 30 for days in left),
        **_categories(bought),
        **_families(held, products, as_of),
    }


def _grouped(bought: list[Row], attribute: str) -> list[Row]:
    groups = []
    for value in sorted({h[attribute] for h in bought if h.get(attribute) is not None}):
        own = [h for h in bought if h.get(attribute) == value]
        groups.append({
            "name": value,
            "amount": sum(h["amount"] for h in own),
            "amount_365": sum(h["amount_365"] for h in own),
            "last": min(h["last"] for h in own),
            "first": max(h["first"] for h in own),
        })  # fmt: skip
    # The first of those with the highest amount, then the latest sale; names are sorted.
    return sorted(groups, key=lambda g: (-g["amount"], g["last"]))


def _categories(bought: list[Row]) -> Row:
    groups, brands = _grouped(bought, "category"), _grouped(bought, "brand")
    total = sum(g["amount"] for g in groups)
    return {
        "bought_category_count": len(groups),
        "bought_category_count_365d": sum(g["last"] <= 365 for g in groups),
        "new_category_count_180d": sum(g["first"] <= 180 for g in groups),
        "favourite_category": groups[0]["name"] if groups else None,
        "favourite_category_spend_share": _share(groups[0]["amount"], total) if groups else None,
        "favourite_category_spend_share_365d": _share(
            groups[0]["amount_365"], sum(g["amount_365"] for g in groups)
        ) if groups else None,
        "category_concentration_share": _share(sum(g["amount"] ** 2 for g in groups), total**2),
        "days_since_favourite_category": groups[0]["last"] if groups else None,
        "bought_brand_count": len(brands),
        "favourite_brand": brands[0]["name"] if brands else None,
        "favourite_brand_spend_share": _share(
            brands[0]["amount"], sum(g["amount"] for g in brands)
        ) if brands else None,
    }  # fmt: skip


def _families(held: list[Row], products: dict[str, Row], as_of: date) -> Row:
    newest: dict[str, int] = {}
    for one in products.values():
        launched = one.get("launched_on") or date(1900, 1, 1)
        if one.get("family") and one.get("generation") is not None:
            # A generation counts from the launch of its first edition on, wherever known.
            same = [p.get("launched_on") for p in products.values()
                    if p.get("family") == one["family"]
                    and p.get("generation") == one["generation"]
                    and p.get("launched_on")]  # fmt: skip
            launched = min(same, default=date(1900, 1, 1))
            if launched < as_of:
                newest[one["family"]] = max(newest.get(one["family"], 0), one["generation"])
    behind, ages = [], []
    own = [h for h in held if h["held"] > 0 and h.get("family")]
    families = {h["family"] for h in own}
    for family in families:
        mine = [h for h in own if h["family"] == family]
        generations = [h["generation"] for h in mine if h.get("generation") is not None]
        if generations and family in newest:
            lag = newest[family] - max(generations)
            behind.append(lag)
            if lag > 0:
                ages.append(min(h["last"] for h in mine))
    return {
        "held_family_count": len(families),
        "outdated_family_count": sum(lag > 0 for lag in behind),
        "max_generations_behind": max(behind, default=None),
        "oldest_outdated_days": max(ages, default=None),
    }


def _visiting(rows: list[Row], stores: dict[str, Row]) -> Row:
    sales = [r for r in rows if r["kind"] == "sale"]
    orders, last = Counter(), {}
    firsts = {}
    for part in _parts(sales):
        key = (part[0]["known"], part[0]["day"])
        order = part[0]["order_id"]
        firsts[order] = min(firsts.get(order, key), key)
    for part in _parts(sales):
        if names := _known(part, "store_id"):
            name = max(names)
            is_first = firsts[part[0]["order_id"]] == (part[0]["known"], part[0]["day"])
            orders[name] += int(is_first)
            last[name] = min(last.get(name, 10**9), part[0]["before"])
    best = min(orders, key=lambda name: (-orders[name], last[name], name), default=None)
    return {
        "visited_store_count": len(orders),
        "favourite_store_order_share": _share(max(orders.values(), default=0), orders.total()),
        "favourite_store_format": stores.get(best, {}).get("format"),
        "favourite_store_region": stores.get(best, {}).get("region"),
    }


def _rest(own: dict[str, list[Row]]) -> Row:
    looks = [r for r in own["interactions"] if r["kind"] != "open"]
    found: Row = {"days_since_last_interaction": min((r["before"] for r in looks), default=None)}
    for days in (30, 90, 365):
        found[f"interaction_count_{days}d"] = sum(r["before"] <= days for r in looks)
    for kind, windows in {
        "search": (7, 30, 90), "view": (7, 30, 90), "open": (90, 365), "click": (90, 365)
    }.items():  # fmt: skip
        for days in windows:
            found[f"{kind}_count_{days}d"] = sum(
                r["kind"] == kind and r["before"] <= days for r in own["interactions"]
            )
    tried = own["contacts"]
    heard = [r for r in tried if r["status"] not in ("bounced", "failed")]
    for days in (7, 30, 90):
        found[f"contact_count_{days}d"] = sum(r["before"] <= days for r in heard)
    for channel in ("email", "sms", "line", "push", "phone", "mail"):
        for days in (30, 90):
            found[f"{channel}_contact_count_{days}d"] = sum(
                r["channel"] == channel and r["before"] <= days for r in heard
            )
    found |= {
        "days_since_last_contact": min((r["before"] for r in heard), default=None),
        "contact_pressure_ratio": _share(
            12 * sum(r["before"] <= 30 for r in heard), sum(r["before"] <= 360 for r in heard)
        ),
        "bounced_contact_share": _share(len(tried) - len(heard), len(tried)),
    }
    choices: dict[tuple[str, str], Row] = {}
    for row in sorted(own["consents"], key=lambda r: (r["event_time"], r["granted"])):
        choices[row["channel"], row["purpose"]] = row
    found["permitted_channel_count"] = sum(
        row["granted"] and purpose == "marketing" for (_, purpose), row in choices.items()
    )
    scores = [(r["before"], _number(r["answer"])) for r in own["surveys"]
              if r["kind"] == "satisfaction" and _number(r["answer"]) is not None]  # fmt: skip
    cases = own["service_cases"]
    found |= {
        "answer_count_365d": sum(r["before"] <= 365 for r in own["surveys"]),
        "mean_satisfaction_score": mean(s for _, s in scores) if scores else None,
        "lowest_satisfaction_score_365d": min((s for b, s in scores if b <= 365), default=None),
        "service_case_count_90d": sum(r["before"] <= 90 for r in cases),
        "service_case_count_365d": sum(r["before"] <= 365 for r in cases),
        "complaint_case_count_365d": sum(
            r["kind"] == "complaint" and r["before"] <= 365 for r in cases
        ),
        "days_since_last_service_case": min((r["before"] for r in cases), default=None),
    }
    steps = ["applied", "approved", "declined", "activated", "cancelled"]
    history = sorted(own["card_events"], key=lambda r: (r["event_time"], steps.index(r["step"])))
    state = history[-1]["step"] if history else None
    return {
        **found,
        "card_state": state,
        "holds_card": int(state == "activated"),
        "days_since_card_application": min(
            (r["before"] for r in history if r["step"] == "applied"), default=None
        ),
        "days_since_card_activation": min(
            (r["before"] for r in history if r["step"] == "activated"), default=None
        ),
    }


def _number(text: str | None) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _moment(as_of: date) -> Row:
    found: Row = {}
    calendar = festival_days.build().to_pandas()
    for name, days in calendar.groupby("festival")["event_on"]:
        distances = [(pd.Timestamp(day).date() - as_of).days for day in days]
        found[f"days_to_{name}"] = min((d for d in distances if d >= 0), default=None)
        found[f"days_since_{name}"] = min((-d for d in distances if d < 0), default=None)
    found["days_since_pay_day"] = next(
        n for n in range(40) if (as_of - timedelta(n)).day in (5, 10)
    )
    found["days_to_pay_day"] = next(n for n in range(40) if (as_of + timedelta(n)).day in (5, 10))
    found["cut_off_month"] = as_of.month
    found["season"] = ["winter", "spring", "summer", "autumn"][as_of.month % 12 // 3]
    return found
