"""Everybody known at a cut-off, and who of them meets a condition: one bit a customer."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from ibis.backends.duckdb import Backend

from campaigns.conditions import condition as c
from campaigns.conditions.errors import ConditionError
from campaigns.conditions.facts import Facts
from campaigns.conditions.held_columns import HeldColumn
from campaigns.conditions.queries import who
from campaigns.held_purchases import HeldPurchases
from pipeline.engine import engine
from pipeline.score_set import ScoreSet, parts
from pipeline.snapshot_store import SnapshotError, read_columns

#: Answers to single conditions that are kept: 125 kB each for a million customers.
KEPT_ANSWERS = 1_000


class Population:
    """Customers by their place in the order of their ids, and bits over these places.

    What was answered once is kept, since nothing of a cut-off changes: a condition that was
    asked before costs microseconds. One thread asks the engine at a time.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    score_set : ScoreSet
        Whose cut-off, and whose customers where no snapshot of it is left.
    scores : mapping of str to ScoreSet
        The live scores that conditions may ask for, by model.
    members : callable
        Returns the file of the members of a list by its id.
    health : bool
        Whether conditions may name products that tell of an illness.

    Attributes
    ----------
    customers : pyarrow.Array of shape (n_customers,)
        Their ids, ascending.
    everybody : array of uint8
        One bit each, as `numpy.packbits` packs them.
    base : int
        How many were known. Where no snapshot is left, only those with a score are still
        known by their ids, and there are fewer customers than that.
    """

    def __init__(
        self,
        artifacts: Path,
        score_set: ScoreSet,
        *,
        scores: Mapping[str, ScoreSet],
        members: Callable[[str], Path],
        health: bool = False,
    ) -> None:
        self._lock = threading.RLock()
        self._kept: OrderedDict[Any, np.ndarray] = OrderedDict()
        self._columns: dict[tuple[str, str], HeldColumn | None] = {}
        self._purchases: HeldPurchases | None = None
        self._artifacts = artifacts

        def facts(connection: Backend) -> Facts:
            return Facts(
                connection,
                artifacts,
                as_of=score_set.as_of,
                time_zone=score_set.time_zone,
                scores={model: parts(artifacts, one) for model, one in scores.items()},
                members=members,
                health=health,
            )

        self._facts = facts
        with ExitStack() as opened:
            self.connection = opened.enter_context(engine(artifacts))
            self.facts = facts(self.connection)
            rows = self._known(artifacts, score_set)
            place = ibis.row_number().over(ibis.window(order_by="customer_id"))
            self._everybody = self.connection.create_table(
                "everybody", rows.mutate(place=place.cast("int32")), temp=True
            )
            ids = self._everybody.order_by("place").select("customer_id").to_pyarrow()
            self.customers = ids["customer_id"].combine_chunks()
            self._opened = opened.pop_all()
        self.base = max(len(self.customers), score_set.base)
        self.everybody = np.packbits(np.ones(len(self.customers), dtype=bool))

    def __enter__(self) -> Self:
        """Return itself; `close` is called at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give back what the engine holds."""
        self.close()

    def close(self) -> None:
        """Give back what the engine holds."""
        self._opened.close()

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.customers)

    def meets(self, condition: Any, pointer: str = "") -> np.ndarray:
        """Return who meets a condition.

        Returns
        -------
        array of uint8
            One bit a customer; not to be written to.

        Raises
        ------
        ConditionError
            If it names what there is not; its pointer says where.
        """
        if isinstance(condition, c.Not):
            return np.asarray(self.everybody & ~self.meets(condition.negated, f"{pointer}/not"))
        if isinstance(condition, c.AllOf | c.AnyOf):
            both = np.bitwise_and if isinstance(condition, c.AllOf) else np.bitwise_or
            found, *others = (
                self.meets(one, f"{pointer}/{condition.verb}/{number}")
                for number, one in enumerate(c.parts_of(condition))
            )
            for one in others:
                found = both(found, one)
            return found
        kept = self._kept.get(condition)
        if kept is not None:
            return kept
        with self._lock:
            try:
                found = self._asked(condition)
            except ConditionError as error:
                raise ConditionError(str(error), pointer) from None
            self._kept[condition] = found
            while len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return found

    def query(
        self, sql: str, values: Mapping[str, Any] | None = None, **tables: pa.Table
    ) -> pa.Table:
        """Return what a query of our own finds; `everybody` holds `customer_id` and `place`.

        Parameters
        ----------
        sql : str
            The query; values of others never stand in it.
        values : mapping, optional
            What its parameters, such as `$channel`, are.
        **tables : pyarrow.Table
            Further tables that it names.
        """
        with self._lock:
            for name, table in tables.items():
                self.connection.con.register(name, table)
            try:
                return self.connection.con.sql(sql, params=dict(values or {})).to_arrow_table()
            finally:
                for name in tables:
                    self.connection.con.unregister(name)

    def hold_purchases(self) -> None:
        """Read who has bought which product into memory, with an engine of its own.

        Afterwards "has bought A", asked the first time, is answered in a fraction of a
        millisecond. Meanwhile others may ask.
        """
        with engine(self._artifacts) as connection:
            self._purchases = HeldPurchases.read(self._facts(connection), self.customers)

    def drawn(self, draw: str, *, share: float) -> np.ndarray:
        """Return a share of everybody, drawn by a hash of their id: the same in every list."""
        key = ("drawn", draw, share)
        if key not in self._kept:
            found = self.query(
                "SELECT place FROM everybody WHERE "
                "md5_number_lower(customer_id || $draw) / 18446744073709551616.0 < $share",
                {"draw": f" {draw}", "share": share},
            )
            self._kept[key] = self.bits(found["place"].to_numpy())
        return self._kept[key]

    def codes(self, name: str) -> np.ndarray:
        """Return a number for each text of a column of customers; -1 where it is unknown."""
        column = self._column(c.CustomerIs(customer=name, known=True))
        if column is None or column.texts is None:
            raise ConditionError(f"customers have no column of texts {name}.")
        return column.values

    def bits(self, places: np.ndarray) -> np.ndarray:
        """Return bits of which those of some places are set."""
        found = np.zeros(len(self.customers), dtype=bool)
        found[places] = True
        return np.packbits(found)

    def _asked(self, condition: Any) -> np.ndarray:
        held = self._held(condition)
        if held is not None:
            return held
        answer = who(condition, self.facts)
        rows = self._everybody.semi_join(answer.customers, "customer_id").select("place")
        found = self.bits(rows.to_pyarrow()["place"].to_numpy())
        return self.everybody & ~found if answer.others else found

    def _held(self, condition: Any) -> np.ndarray | None:
        """Answer from what is in memory, where it is."""
        if isinstance(condition, c.CustomerIs | c.FeatureIs):
            column = self._column(condition)
            found = column.compares(condition) if column is not None else None
            return None if found is None else np.packbits(found)
        if self._purchases is not None and isinstance(condition, c.Bought):
            plain = c.Bought(bought=condition.bought)
            products = self.facts.product_ids(condition.bought) if condition == plain else None
            if products is not None:
                return self._purchases.bits(products)
        return None

    def _column(self, condition: c.CustomerIs | c.FeatureIs) -> HeldColumn | None:
        """Return the column that a condition compares; none where there is no one value each."""
        of_person = isinstance(condition, c.CustomerIs)
        name = condition.customer if isinstance(condition, c.CustomerIs) else condition.feature
        if (condition.verb, name) not in self._columns:
            who(condition, self.facts)  # refuses a name that there is not
            rows = self.facts.people() if of_person else self.facts.snapshot()
            held = None
            if name != "interests" and not rows[name].type().is_boolean():
                values = (
                    self._everybody.left_join(rows.select("customer_id", value=name), "customer_id")
                    .order_by("place")
                    .select("value")
                    .to_pyarrow()
                )
                held = HeldColumn.of(values["value"].combine_chunks())
            self._columns[condition.verb, name] = held
        return self._columns[condition.verb, name]

    def _known(self, artifacts: Path, score_set: ScoreSet) -> ir.Table:
        """Return the ids of everybody, each once."""
        try:
            rows = read_columns(self.connection, artifacts, "customer", score_set.as_of)
        except SnapshotError:
            files = [str(path) for path in parts(artifacts, score_set)]
            rows = self.connection.read_parquet(files)
            if score_set.rows > score_set.customers:
                rows = rows.distinct(on="customer_id")
        return rows.select("customer_id")


def count(bits: np.ndarray) -> int:
    """Return how many bits are set."""
    return int(np.bitwise_count(bits).sum())
