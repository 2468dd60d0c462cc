"""Every pair feature again, in plain Python: one customer beside one product at a time."""

from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd

from reference.holding import placed
from reference.product import associations, like_of, lines_seen, typical_gap
from reference.rows import Row, share, visible

ATTRIBUTES = ("category", "like", "brand", "like_brand", "band")


def pair_reference(
    tables: dict[str, list[Row]], passed_in: list[Row], *, as_of: date, time_zone: str
) -> pd.DataFrame:
    """Return every pair feature of every customer and every product, listed or passed in."""
    lines = lines_seen(tables, as_of, ZoneInfo(time_zone))
    listed = [p for p in tables["products"] if p.get("purpose") != "health"]
    known = _described(listed)
    new = {p["product_id"] for p in passed_in}
    offered = _described([*(p for p in listed if p["product_id"] not in new), *passed_in])
    sales = [r for r in lines if r["kind"] == "sale"]
    pulls = associations(sales, known)
    looks = [
        r
        for r in visible(tables.get("interactions", []), as_of, ZoneInfo(time_zone))
        if r["kind"] != "open"
    ]
    rows = {}
    for name in sorted({c["customer_id"] for c in tables["customers"]}):
        owned = _owned([r for r in lines if r["customer_id"] == name], known)
        own_looks = [r["subject"] for r in looks if r["customer_id"] == name]
        for product in offered.values():
            of_all = [r for r in sales if r["product_id"] == product["product_id"]]
            first_sale = max((r["before"] for r in of_all), default=None)
            gap = typical_gap(product, sales, known)
            row = _one(product, owned, first_sale, gap, as_of)
            rows[name, product["product_id"]] = (
                row | _drawn(product, owned, pulls) | _looked(product, own_looks)
            )
    return pd.DataFrame.from_dict(rows, orient="index")


def _described(products: list[Row]) -> dict[str, Row]:
    return {
        p["product_id"]: {
            **p,
            "like": like_of(p),
            "band": _band(p["position"]),
            "like_brand": (like_of(p), p["brand"]) if like_of(p) and p.get("brand") else None,
        }
        for p in placed(products)
    }


def _band(position: float | None) -> str | None:
    if position is None:
        return None
    return "low" if position < 1 / 3 else "middle" if position <= 2 / 3 else "high"


def _owned(lines: list[Row], known: dict[str, Row]) -> dict[str, Row]:
    """Return what a customer bought, by product, with the product's attributes."""
    owned = {}
    for name in {r["product_id"] for r in lines if r["kind"] == "sale"}:
        own = [r for r in lines if r["product_id"] == name]
        sold = [r for r in own if r["kind"] == "sale"]
        last = min(r["before"] for r in sold)
        owned[name] = {
            **known.get(name, {}),
            "last": last,
            "first": max(r["before"] for r in sold),
            "days": len({r["day"] for r in sold}),
            "days_90": len({r["day"] for r in sold if r["before"] <= 90}),
            "days_365": len({r["day"] for r in sold if r["before"] <= 365}),
            "amount": sum(r["amount"] for r in sold),
            "last_pieces": sum(r["quantity"] for r in sold if r["before"] == last),
            "held": sum(r["quantity"] for r in own),  # returns are negative
        }
    return owned


def _one(
    product: Row,
    owned: dict[str, Row],
    first_sale: int | None,
    typical: float | None,
    as_of: date,
) -> Row:
    own = owned.get(product["product_id"])
    family, generation = product.get("family"), product.get("generation")
    older = sorted(
        (-o["generation"], o["last"])
        for o in owned.values()
        if o["held"] > 0 and family is not None and o.get("family") == family
        and None not in (o.get("generation"), generation) and o["generation"] < generation
    )  # fmt: skip
    launched = product.get("launched_on")
    age = first_sale if launched is None else (as_of - launched).days
    if own:
        state = "REPEAT"
    elif older:
        state = "UPGRADE"
    else:
        state = "NEW" if age is None or age < 90 else "CROSS"
    lasts = product.get("days_of_supply")
    supply = lasts * own["last_pieces"] if own and lasts else None
    mean_gap = share(own["first"] - own["last"], own["days"] - 1) if own else None
    gap = supply or mean_gap or typical
    return {
        "pair_state": state,
        "pair_last_purchase_days": own["last"] if own else None,
        "pair_purchase_days_count": own["days"] if own else 0,
        "pair_purchase_days_count_90d": own["days_90"] if own else 0,
        "pair_purchase_days_count_365d": own["days_365"] if own else 0,
        "pair_elapsed_ratio": share(own["last"], gap) if own and gap else None,
        "pair_supply_left_days": supply - own["last"] if supply else None,
        "owns_predecessor": int(bool(older)),
        "predecessor_age_days": older[0][1] if older else None,
        "generations_ahead": generation + older[0][0] if older else None,
    }


def _drawn(product: Row, owned: dict[str, Row], pulls: dict[tuple[str, str], Row]) -> Row:
    """Return what the customer's taste says of the product's attributes."""
    found: Row = {}
    for attribute in ATTRIBUTES:
        value = product.get(attribute)
        of_known = [o for o in owned.values() if o.get(attribute) is not None]
        alike = [o for o in of_known if o[attribute] == value]
        spent = share(sum(o["amount"] for o in alike), sum(o["amount"] for o in of_known))
        name = {"band": "price_band"}.get(attribute, attribute)
        found[f"{name}_affinity_share"] = None if value is None else spent or 0.0
        found[f"{name}_last_days"] = min((o["last"] for o in alike), default=None)
        if attribute in {"category", "like"}:
            bought = sum(o["days"] for o in alike)
            found[f"{name}_purchase_count"] = None if value is None else bought
    del found["price_band_last_days"]
    likes = {o["like"] for o in owned.values() if o.get("like") is not None}
    best = [pulls[lead, product["like"]] for lead in likes if (lead, product["like"]) in pulls]
    found["co_purchase_score"] = max((b["confidence"] for b in best), default=0.0)
    found["co_purchase_lift_ratio"] = max((b["lift"] for b in best), default=None)
    return found


def _looked(product: Row, subjects: list[str | None]) -> Row:
    """Return how often a customer looked at a product or at one of its categories."""
    own = {product["product_id"], product.get("category"), product.get("category_2"),
           product["like"]} - {None}  # fmt: skip
    looks = sum(subject in own for subject in subjects)
    return {
        "interest_look_count": looks or None,
        "interest_share": share(looks, len(subjects)) if looks else None,
    }
