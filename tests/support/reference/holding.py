"""What a customer owns, and its prices, categories, families and supply."""

from datetime import date
from statistics import mean

from reference.rows import Row, share


def placed(products: list[Row]) -> list[Row]:
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
            premium = share(mean(own), mean(p["list_price"] for p in peers))
        placed.append({**one, "position": position, "premium": premium})
    return placed


def holding(rows: list[Row], products: dict[str, Row], as_of: date) -> Row:
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
        return share(sum(h[attribute] * h["pieces"] for h in known),
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
        "upper_tier_piece_share": share(
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
        "favourite_category_spend_share": share(groups[0]["amount"], total) if groups else None,
        "favourite_category_spend_share_365d": share(
            groups[0]["amount_365"], sum(g["amount_365"] for g in groups)
        ) if groups else None,
        "category_concentration_share": share(sum(g["amount"] ** 2 for g in groups), total**2),
        "days_since_favourite_category": groups[0]["last"] if groups else None,
        "bought_brand_count": len(brands),
        "favourite_brand": brands[0]["name"] if brands else None,
        "favourite_brand_spend_share": share(
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
