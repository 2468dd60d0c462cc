"""What conditions are asked of: tables as known before a cut-off, scores, other lists."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend

from campaigns.conditions.catalogue import Catalogue
from campaigns.conditions.errors import ConditionError
from campaigns.conditions.parts import Compared, Products, Range
from campaigns.conditions.told import products_told
from features.card import STEPS
from features.tables import TABLE_BY_NAME
from pipeline.events import without_health
from pipeline.live_tables import tables_folder
from pipeline.snapshot_store import SnapshotError, read_snapshot

#: More products than this are joined, fewer are listed: a list is looked up while reading.
_LISTED = 500
#: Tables that may name a product of an illness, or a campaign for one.
_TELLING = ("contacts", "interactions")


class Facts:
    """The tables of a cut-off, read where they are asked for.

    Parameters
    ----------
    connection : Backend
        Engine that computes them.
    artifacts : Path
        The folder that holds everything produced.
    as_of : date
        Nothing is seen that became known on this day or later.
    time_zone : str
        Business time zone, in which days begin.
    scores : mapping of str to list of Path
        By model, the Parquet files of its live scores, best ranks first.
    members : callable
        Returns the file of the members of a list by its id.
    health : bool
        Whether products that tell of an illness may be named: only where everybody chosen has
        consented to just that.
    """

    def __init__(
        self,
        connection: Backend,
        artifacts: Path,
        *,
        as_of: date,
        time_zone: str,
        scores: Mapping[str, list[Path]],
        members: Callable[[str], Path],
        health: bool = False,
    ) -> None:
        self.connection = connection
        self.as_of = as_of
        self.health = health
        self._artifacts = artifacts
        self._zone = ZoneInfo(time_zone)
        self._scores = scores
        self._members = members

    @property
    def zone(self) -> str:
        """Name of the business time zone."""
        return str(self._zone)

    def moment(self, day: date) -> ir.TimestampScalar:
        """Return the moment (UTC) at which a day begins."""
        at = datetime.combine(day, time(), self._zone).astimezone(UTC)
        return ibis.literal(at.replace(tzinfo=None)).cast("timestamp('UTC', 6)")

    def table(self, name: str) -> ir.Table:
        """Return the rows of a table that were known before the cut-off.

        Raises
        ------
        ConditionError
            If it was not delivered.
        """
        if not self.delivered(name):
            raise ConditionError(
                f"the data hold no {name}. Deliver the table, or leave the condition out."
            )
        rows = self._delivered(name)
        if "available_time" in TABLE_BY_NAME[name].schema():
            rows = rows.filter(rows.available_time < self.moment(self.as_of))
        return rows

    def within(
        self, rows: ir.Table, *, days: int | None, since: date | None, until: date | None
    ) -> ir.Table:
        """Keep what happened in some time; `days` count back from the cut-off."""
        starts = [day for day in (since, days and self.as_of - timedelta(days=days)) if day]
        if starts:
            rows = rows.filter(rows.event_time >= self.moment(max(starts)))
        return rows.filter(rows.event_time < self.moment(until)) if until else rows

    @cached_property
    def catalogue(self) -> Catalogue:
        """The products as delivered, in memory."""
        return Catalogue(self.table("products").order_by("product_id").to_pyarrow())

    def product_ids(self, chosen: Products) -> list[str] | None:
        """Return the products of a choice; none where it is any product at all.

        Raises
        ------
        ConditionError
            If there is no such product.
        """
        hidden = self.catalogue.of_illness & (not self.health)
        if chosen == Products() and not hidden.any():
            return None
        found = self.catalogue.chosen(chosen)
        if (found & ~hidden).any():
            return self.catalogue.ids_of(found & ~hidden)
        told = products_told(chosen).en
        if found.any():
            raise ConditionError(
                f"a purchase of products with {told} tells of an illness. Set the purpose of the "
                "list to health, so that only those who consented to that are chosen."
            )
        raise ConditionError(f"no product has {told}. Look at the columns of products.")

    def lines(self, chosen: Products) -> ir.Table:
        """Return the receipt lines of members with a choice of products."""
        rows = self.table("transactions")
        rows = rows.filter(rows.customer_id.notnull())
        found = self.product_ids(chosen)
        if found is None:
            return rows
        if len(found) <= _LISTED:
            return rows.filter(rows.product_id.isin(found))
        return rows.semi_join(ibis.memtable({"product_id": found}), "product_id")

    def people(self) -> ir.Table:
        """Return one row a member, as described at the cut-off, with what follows from it.

        `age` is the year of the cut-off less that of birth, `member_days` the days since the
        member joined, `card` the latest step of the co-branded card (where cards are known).
        """
        rows = self.table("customers")
        day = ibis.literal(self.as_of)
        if "valid_from" in rows.columns:
            rows = rows.filter(_.valid_from.isnull() | (_.valid_from <= day))
            latest = ibis.window(
                group_by="customer_id", order_by=_.valid_from.desc(nulls_first=False)
            )
            rows = rows.mutate(place=ibis.row_number().over(latest)).filter(_.place == 0)
        rows = rows.mutate(
            age=self.as_of.year - rows.birth_year, member_days=day.delta(rows.joined_on, unit="day")
        )
        if not self.delivered("card_events"):
            return rows
        steps = self.table("card_events")
        newest = ibis.window(
            group_by="customer_id",
            order_by=[steps.event_time.desc(), steps.step.find_in_set(STEPS).desc()],
        )
        latest = (
            steps.mutate(place=ibis.row_number().over(newest))
            .filter(_.place == 0)
            .select("customer_id", card="step")
        )
        return rows.left_join(latest, "customer_id").drop("customer_id_right")

    def delivered(self, name: str) -> bool:
        """Tell whether the data hold a table."""
        return self._path(name).exists()

    def snapshot(self) -> ir.Table:
        """Return the features of the customers at the cut-off."""
        try:
            return read_snapshot(self.connection, self._artifacts, "customer", self.as_of)
        except SnapshotError as error:
            raise ConditionError(str(error)) from None

    def scores(self, model: str) -> ir.Table:
        """Return the live scores of a model.

        Raises
        ------
        ConditionError
            If no version of it is live.
        """
        if model not in self._scores:
            known = ", ".join(sorted(self._scores)) or "none"
            raise ConditionError(f"no version of {model} is live. Live models: {known}.")
        return self.connection.read_parquet([str(path) for path in self._scores[model]])

    def members(self, list_id: str) -> ir.Table:
        """Return the members of another list."""
        path = self._members(list_id)
        if not path.exists():
            raise ConditionError("there is no list of this id to look into.")
        rows = self.connection.read_parquet(path)
        return rows.filter(rows.customer_id.notnull()).select("customer_id")

    def _delivered(self, name: str) -> ir.Table:
        """Return a table without the contacts and interactions that tell of an illness.

        Purchases are cut by `lines`, which is faster where products are chosen.
        """
        rows = self.connection.read_parquet(self._path(name))
        if self.health or name not in _TELLING or not self.delivered("products"):
            return rows
        beside = {
            one: self.connection.read_parquet(self._path(one))
            for one in ("products", "campaigns")
            if self.delivered(one)
        }
        return without_health({**beside, name: rows}).get(name, rows)

    def _path(self, name: str) -> Path:
        return tables_folder(self._artifacts) / f"{name}.parquet"


def compares(value: ir.Value, compared: Compared) -> ir.BooleanValue:
    """Return whether a value compares so; never null."""
    kind = value.type()
    held: list[Any] = []
    if compared.one_of is not None:
        held.append(value.cast("string").isin(compared.one_of))
    if compared.not_in is not None:
        held.append(~value.cast("string").isin(compared.not_in).fill_null(_NO))
    for bound, above in ((compared.at_least, True), (compared.at_most, False)):
        if bound is None:
            continue
        if isinstance(bound, date) != kind.is_date() or not (kind.is_date() or kind.is_numeric()):
            raise ConditionError(
                f"it is of type {kind}, which does not compare with {bound}. Compare a number "
                "with a number, a date with a date, a text by `in`."
            )
        held.append(value >= bound if above else value <= bound)
    if compared.known is not None:
        held.append(value.notnull() if compared.known else value.isnull())
    return ibis.and_(*held).fill_null(_NO)


_NO = ibis.literal(value=False)


def holds(value: ir.NumericValue, range_: Range) -> ir.BooleanValue:
    """Return whether a number lies in a range."""
    bounds = []
    if range_.at_least is not None:
        bounds.append(value >= range_.at_least)
    if range_.at_most is not None:
        bounds.append(value <= range_.at_most)
    return ibis.and_(*bounds) if bounds else ibis.literal(value=True)
