"""What a price promotion really added, from receipts alone: nobody drew lots for it."""

from collections.abc import Hashable, Mapping
from datetime import date
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict

from campaigns.effect.errors import EffectError
from campaigns.effect.promotion_roles import kinds_of, product_roles
from campaigns.effect.promotion_scope import AFTER_WEEKS, excluded_weeks, read_scopes
from campaigns.effect.promotion_weeks import RAN, festival_weeks, sold_lines, weekly_sales
from models.effects import Promotion, promotion_effect
from pipeline.grain_store import Grains


class Part(BaseModel):
    """One part of what a promotion added, in one unit.

    Attributes
    ----------
    part : str
        `own` (the promoted products, while it ran), `pull-forward` (the same in the weeks
        after), `cannibalisation` (the rest of the category), `halo` (companions), `net`.
    measure : str
        `units`, `sales` or `margin`.
    value, low, high : float
        What it added, with its interval.
    expected : float
        What would have been sold without it.
    """

    model_config = ConfigDict(frozen=True)

    part: str
    measure: str
    value: float
    low: float
    high: float
    expected: float


class PromotionReport(BaseModel):
    """What a promotion added.

    Attributes
    ----------
    promotion : str
        Which one.
    design : str
        `difference in differences` where some stores did not run it, else `baseline`.
    discount_share : float, optional
        Share taken off.
    starts_on, ends_on : date
        First day, and first day after the end.
    products, companions : tuple of str
        Promoted products, and the kinds of products in which a halo was looked for.
    family : tuple of str
        Kinds of products in which a loss was looked for: the rest of the category, except what
        had a promotion of its own at the time, or had not been on sale for half a year.
    stores : int, optional
        Stores that ran it; none where all did.
    excluded_weeks : int
        Weeks of other promotions of the same products, which teach nothing.
    parts : tuple of Part
        What it added.
    detail : tuple of dict
        The own effect by product family, store and week, the largest first.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = "promotion"
    promotion: str
    design: str
    discount_share: float | None
    starts_on: date
    ends_on: date
    level: float
    products: tuple[str, ...]
    companions: tuple[str, ...]
    family: tuple[str, ...]
    stores: int | None
    excluded_weeks: int
    parts: tuple[Part, ...]
    detail: tuple[dict[str, Any], ...]


#: Rows of the detail that are kept.
MOST_DETAIL = 200


def effect_of_promotion(name: str, grains: Grains, *, as_of: date, level: float) -> PromotionReport:
    """Estimate what a promotion added in units, sales and margin.

    Weeks begin on the weekday on which it began. Quiet weeks are those without any promotion
    of the same products, nor within four weeks after one.

    Parameters
    ----------
    name : str
        The promotion.
    grains : Grains
        Tables.
    as_of : date
        What is known on or after it is not seen.
    level : float
        Confidence level of the intervals.

    Raises
    ------
    EffectError
        If it has not ended, or sold nothing.
    TrialError
        If there are too few quiet weeks.
    """
    products = grains.table("products", wanted_by=name).to_pandas()
    scopes = read_scopes(grains.table("promotions", wanted_by=name), products)
    own = scopes[name]
    if own.ends_on > as_of:
        raise EffectError(
            f"{name} runs until {own.ends_on}, after {as_of}, where the data end. Ask again once "
            "it is over; four weeks later it is also known what was pulled forward."
        )
    if not own.products:
        raise EffectError(f"{name} names no product that the products table holds.")
    lines = sold_lines(grains, as_of=as_of)
    roles = product_roles(lines, products, scopes, name)
    weekly = weekly_sales(grains, lines, roles, own, as_of=as_of)
    if not (weekly["role"] == "own").any():
        raise EffectError(f"none of the products of {name} was ever sold before {as_of}.")
    excluded = excluded_weeks(scopes, name, weekly)
    ids = weekly.groupby("role")["product_id"].unique()
    ran = None if own.stores is None else [*own.stores, RAN]
    promotion = Promotion(
        products=list(ids["own"]),
        family=list(ids.get("family", [])),
        companions=list(ids.get("companion", [])),
        category=list(ids.get("rest", [])),
        starts_on=own.starts_on,
        ends_on=own.ends_on,
        stores=ran,
        after_weeks=AFTER_WEEKS,
    )
    found = promotion_effect(
        weekly.drop(columns="role"),
        promotion,
        calendar=festival_weeks(weekly["week"]),
        excluded=excluded,
        level=level,
    )
    detail = found.detail.sort_values("increment", ascending=False).head(MOST_DETAIL)
    return PromotionReport(
        promotion=name,
        design=found.design,
        discount_share=own.discount_share,
        starts_on=own.starts_on,
        ends_on=own.ends_on,
        level=level,
        products=tuple(sorted(own.products)),
        companions=kinds_of(products, roles, "companion"),
        family=kinds_of(products, roles, "family"),
        stores=None if own.stores is None else len(own.stores),
        excluded_weeks=len(excluded),
        parts=tuple(Part.model_validate(row) for row in found.summary.to_dict(orient="records")),
        detail=tuple(_detail(row) for row in detail.to_dict(orient="records")),
    )


def _detail(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    named = {str(key): value for key, value in row.items()}
    return {**named, "week": pd.Timestamp(named["week"]).date()}
