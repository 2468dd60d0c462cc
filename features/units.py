"""The units of features, and the word that carries each one into a column's name."""

from collections.abc import Mapping

#: Words of which a column's name has to contain one, by unit.
UNITS: Mapping[str, tuple[str, ...]] = {
    "days": ("days",),
    "years": ("years",),
    "hours": ("hours",),
    "currency": ("amount",),
    "share": ("share",),
    "ratio": ("ratio",),
    "score": ("score",),
    "orders": ("order_count",),
    "lines": ("lines_count",),
    "pieces": ("pieces_count",),
    "products": ("product_count", "products_count"),
    "families": ("family_count",),
    "categories": ("category_count",),
    "brands": ("brand_count",),
    "stores": ("store_count",),
    "channels": ("channel_count",),
    "customers": ("customer_count",),
    "persons": ("persons_count", "children_count"),
    "interests": ("interest_count",),
    "interactions": (
        "interaction_count",
        "search_count",
        "view_count",
        "click_count",
        "look_count",
    ),
    "purchases": ("purchase_count",),
    "contacts": ("contact_count",),
    "opens": ("open_count",),
    "answers": ("answer_count",),
    "cases": ("case_count",),
    "returns": ("return_count",),
    "flag": ("is_", "has_", "holds_", "owns_"),
    "rank": ("generation", "rank"),
    "month": ("month",),
    "weekday": ("weekday",),
    "text": ("",),
}
"""`text` is a word or a name, such as a region, and needs no unit."""


def carries_its_unit(name: str, unit: str) -> bool:
    """Tell whether a column's name says its unit.

    Examples
    --------
    >>> carries_its_unit("spend_amount_90d", "currency"), carries_its_unit("spend", "currency")
    (True, False)
    """
    return any(word in name for word in UNITS[unit])
