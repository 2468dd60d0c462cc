"""Which products to promote with a lead product, from the shop's own baskets and sequences."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _
from pydantic import BaseModel, ConfigDict

from features.calendar import festival_days
from features.festivals import FESTIVALS
from models.effects.companions import companions
from pipeline.engine import engine
from pipeline.events import read_events
from pipeline.grain_store import Grains
from pipeline.live_tables import tables_folder
from pipeline.plan import scoring_cutoff, span_of
from pipeline.project import Project

LeadBy = Literal["product", "category"]

#: A season is the day of a festival and so many days before it.
SEASON_DAYS = 28
#: Where there are more lines, one in so many baskets is looked at.
MOST_LINES = 10_000_000


class CompanionsError(ValueError):
    """Companions of a product cannot be looked for; the message says what to change."""


class Companion(BaseModel):
    """A product, or category, that is bought with the lead; see `models.effects.companions`.

    Attributes
    ----------
    seen_in : str
        `"basket"`, or `"sequence"` where only purchases within some days show it.
    expected_margin : float, optional
        Per basket with the lead; none where no cost is known.
    """

    model_config = ConfigDict(frozen=True)

    companion: str
    name: str | None
    seen_in: Literal["basket", "sequence"]
    together: int
    baskets: int
    support: float
    confidence: float
    lift: float
    expected: float
    added_lift: float
    low: float
    high: float
    p_value: float
    q_value: float
    expected_margin: float | None


class Found(BaseModel):
    """The companions of a lead, and what was looked at.

    Attributes
    ----------
    lead, lead_by, name
        The product or category.
    season : str, optional
        The festival before which baskets were bought; all year where there is none.
    as_of, since : date
        Lines known before `as_of`, of days from `since` on.
    baskets, with_lead, sequences : int
        What was compared.
    tested : int
        Tests made, in baskets and in sequences together.
    error_rate : float
        Share of false ones that is tolerated among all that are found.
    """

    model_config = ConfigDict(frozen=True)

    lead: str
    lead_by: LeadBy
    name: str | None
    season: str | None
    as_of: date
    since: date
    within_days: int
    baskets: int
    with_lead: int
    sequences: int
    tested: int
    min_count: int
    error_rate: float
    level: float
    companions: tuple[Companion, ...]


class _Lines(NamedTuple):
    """Lines with a basket, an item and a week; margins and names by item."""

    lines: pd.DataFrame
    margin: dict[str, float]
    names: dict[str, str]


def find_companions(
    grains: Grains,
    product_id: str,
    *,
    as_of: date,
    lead_by: LeadBy = "product",
    season: str | None = None,
    days: int = 730,
    within_days: int = 14,
    min_count: int = 5,
    error_rate: float = 0.05,
    level: float = 0.95,
) -> Found:
    """Test every other product for an association with the lead, beyond its own heat.

    Baskets are compared with those of the same week that hold equally many products, and so
    are short sequences: what a customer bought with pauses of at most `within_days`. Each is
    searched at half of the error rate, so that the share of false ones among all that are
    found is at most `error_rate`. Products of the purpose `health` are invisible.

    Parameters
    ----------
    grains : Grains
        The tables, as the authors of features see them.
    product_id : str
        The lead, or a product of the lead category.
    as_of : date
        Nothing available at or after it is seen.
    lead_by : str
        Whether products are told apart, or narrowest categories.
    season : str, optional
        A festival of `features.festivals`: only the four weeks up to its day are looked at.
    days : int
        How far back to look.
    within_days : int
        Longest pause within a sequence; 0 leaves sequences out.
    min_count : int
        Baskets that have to hold both.
    error_rate, level : float
        Share of false discoveries; confidence level of the intervals.

    Raises
    ------
    CompanionsError
        If the lead is not known, has no category, or is in no basket; or the season is none.
    """
    since = as_of - timedelta(days=days)
    lead, name = _lead(grains, product_id, lead_by)
    read = _read(grains, lead_by=lead_by, as_of=as_of, since=since, season=season)
    lines = read.lines
    if not (lines["item"] == lead).any():
        raise CompanionsError(
            f"no basket from {since} to before {as_of} holds {lead}"
            + (f" in the {SEASON_DAYS} days up to {season}" if season else "")
            + ". Look further back with --days, leave out --season, or ask for its category with "
            "--lead-by category."
        )
    units: list[tuple[Literal["basket", "sequence"], pd.DataFrame]] = [("basket", lines)]
    if within_days > 0:
        units.append(("sequence", _sequences(lines, within_days)))
    found: dict[str, Companion] = {}
    tested = 0
    for unit, own in units:
        if not (own["item"] == lead).any():
            continue
        table = companions(
            own["basket"],
            own["item"],
            lead,
            stratum=own["week"],
            sizes="whole",
            min_count=min_count,
            error_rate=error_rate / len(units),
            level=level,
            margin=read.margin,
        )
        tested += len(table)
        for item, row in table[table["found"]].iterrows():
            found.setdefault(str(item), _companion(str(item), row, unit, read.names))
    return Found(
        lead=lead,
        lead_by=lead_by,
        name=name,
        season=season,
        as_of=as_of,
        since=since,
        within_days=within_days,
        baskets=lines["basket"].nunique(),
        with_lead=int(lines.loc[lines["item"] == lead, "basket"].nunique()),
        sequences=units[-1][1]["basket"].nunique() if within_days > 0 else 0,
        tested=tested,
        min_count=min_count,
        error_rate=error_rate,
        level=level,
        companions=tuple(found.values()),
    )


def companions_of(project: Project, product_id: str, **given: Any) -> Found:
    """Find companions in the tables of a project, as known at the cut-off of its last run.

    Parameters
    ----------
    project : Project
        Whose tables to read, and whose level of confidence to use.
    product_id : str
        The lead.
    **given
        Further arguments of `find_companions`, which also says what is raised.
    """
    tables = tables_folder(project.artifacts)
    if not tables.exists():
        raise CompanionsError("there are no tables yet. Start with `shortlist run --data DIR`.")
    with engine(project.artifacts) as connection:
        events = read_events(connection, tables, time_zone=project.params.time_zone)
        return find_companions(
            Grains(connection, events),
            product_id,
            as_of=scoring_cutoff(project.run.as_of, span_of(events)),
            level=project.params.gate.level,
            **given,
        )


def _lead(grains: Grains, product_id: str, lead_by: LeadBy) -> tuple[str, str | None]:
    products = grains.table("products", wanted_by="companions")
    own = products.filter(_.product_id == product_id).select("name", category=_category(products))
    rows = own.to_pyarrow().to_pylist()
    if not rows:
        raise CompanionsError(
            f"there is no product {product_id} among those that may be looked at. Ask for the id "
            "of a delivered product whose purpose is not health."
        )
    if lead_by == "product":
        return product_id, rows[0]["name"]
    if rows[0]["category"] is None:
        raise CompanionsError(
            f"{product_id} has no category. Ask with --lead-by product, or deliver its category."
        )
    return rows[0]["category"], None


def _category(products: ir.Table) -> ir.StringValue:
    return ibis.coalesce(products.category_3, products.category_2, products.category)


def _read(
    grains: Grains, *, lead_by: LeadBy, as_of: date, since: date, season: str | None
) -> _Lines:
    products = grains.table("products", wanted_by="companions")
    own_item = _category(products) if lead_by == "category" else products.product_id
    known = products.select("product_id", "name", "unit_cost", item=own_item)
    sold = grains.table("transactions", wanted_by="companions").filter(
        _.kind == "sale", _.available_on < ibis.literal(as_of), _.event_on >= ibis.literal(since)
    )
    if season is not None:
        days = _season_days(grains, season, since=since, until=as_of)
        sold = sold.semi_join(
            ibis.memtable({"event_on": days}, schema={"event_on": "date"}), "event_on"
        )
    count = int(sold.count().execute())
    one_in = max(1, -(-count // MOST_LINES))
    if one_in > 1:
        sold = sold.filter(_.order_id.hash().abs() % one_in == 0)
    lines = sold.inner_join(known, "product_id").filter(_.item.notnull())  # noqa: PD004 - Ibis
    margin = (
        lines.filter(_.unit_cost.notnull(), _.quantity > 0)  # noqa: PD004 - Ibis
        .group_by("item")
        .aggregate(
            margin=(
                _.amount.cast("float64") - _.quantity.cast("float64") * _.unit_cost.cast("float64")
            ).sum()
            / _.quantity.cast("float64").sum()
        )
    )
    distinct = (
        lines.group_by(["order_id", "item"])
        .aggregate(customer_id=_.customer_id.max(), event_on=_.event_on.min())
        .order_by(["order_id", "item"])
    )
    frame = distinct.to_pandas()
    day = pd.to_datetime(frame["event_on"])
    margins = margin.to_pandas()
    named = known.select("item", "name").to_pandas().dropna() if lead_by == "product" else None
    return _Lines(
        frame.assign(basket=frame["order_id"], day=day, week=day.dt.to_period("W").astype(str)),
        dict(zip(margins["item"], margins["margin"].astype(float), strict=True)),
        {} if named is None else dict(zip(named["item"], named["name"], strict=True)),
    )


def _season_days(grains: Grains, season: str, *, since: date, until: date) -> Sequence[date]:
    if season not in FESTIVALS:
        raise CompanionsError(f"{season} is no season. Seasons: {', '.join(FESTIVALS)}.")
    festivals = grains.rows(festival_days).filter(_.festival == season)
    firsts = festivals.select("event_on").to_pyarrow()["event_on"].to_pylist()
    days = {first - timedelta(days=k) for first in firsts for k in range(SEASON_DAYS + 1)}
    return sorted(day for day in days if since <= day < until)


def _sequences(lines: pd.DataFrame, within_days: int) -> pd.DataFrame:
    """Return lines by sequence: what a customer bought with no longer pause than that."""
    known = lines[lines["customer_id"].notna()].sort_values(["customer_id", "day"], kind="stable")
    pause = known.groupby("customer_id")["day"].diff().dt.days
    number = (pause.isna() | (pause > within_days)).cumsum()
    week = known.groupby(number)["week"].transform("first")
    return known.assign(basket=number, week=week)


def _companion(
    item: str, row: "pd.Series[Any]", unit: Literal["basket", "sequence"], names: dict[str, str]
) -> Companion:
    margin = row.get("expected_margin")
    numbers = {name: float(row[name]) for name in _NUMBERS}
    return Companion(
        companion=item,
        name=names.get(item),
        seen_in=unit,
        together=int(row["together"]),
        baskets=int(row["baskets"]),
        expected_margin=None if margin is None or pd.isna(margin) else float(margin),
        **numbers,
    )


_NUMBERS = (
    "support", "confidence", "lift", "expected", "added_lift", "low", "high", "p_value", "q_value",
)  # fmt: skip
