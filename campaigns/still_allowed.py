"""Who of a frozen list may still be contacted: permissions as they are now."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import Engine

from campaigns.list_spec import ListSpec
from campaigns.permissions import consented, contacted_enough, suppressed


class StillAllowed(NamedTuple):
    """Who of some customers may be contacted now.

    Attributes
    ----------
    may : array of bool of shape (n_customers,)
        In their order.
    removed : dict of str to int
        How many may not, by the first reason that applied.
    """

    may: np.ndarray
    removed: dict[str, int]


class Listed:
    """Some customers by their place, for questions about nobody else; see `Population`.

    Parameters
    ----------
    customers : pyarrow.Array of shape (n_customers,)
        Their ids, each once.
    """

    def __init__(self, customers: Any) -> None:
        self._count = len(customers)
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        place = pa.array(np.arange(self._count, dtype=np.int32))
        everybody = pa.table({"customer_id": customers, "place": place})
        self._connection.register("everybody", everybody)

    def __enter__(self) -> Self:
        """Return itself; what it holds is given back at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give back what the engine holds."""
        self._connection.close()

    def query(
        self, sql: str, values: Mapping[str, Any] | None = None, **tables: pa.Table
    ) -> pa.Table:
        """Return what a query of our own finds; `everybody` holds `customer_id` and `place`."""
        for name, table in tables.items():
            self._connection.register(name, table)
        return self._connection.sql(sql, params=dict(values or {})).to_arrow_table()

    def bits(self, places: np.ndarray) -> np.ndarray:
        """Return bits of which those of some places are set."""
        found = np.zeros(self._count, dtype=bool)
        found[places] = True
        return np.packbits(found)


def still_allowed(
    spec: ListSpec, customers: Any, *, artifacts: Path, state: Engine, at: datetime
) -> StillAllowed:
    """Read consents, suppressions and contacts anew for the members of a list.

    The reasons are those of the build, in its order; what does not follow from permissions
    stays as it was frozen.

    Raises
    ------
    NoConsentsError
        If the list is for a channel, and no consents are on record any longer.
    """
    may = np.ones(len(customers), dtype=bool)
    removed: dict[str, int] = {}

    def leave_out(reason: str, bits: np.ndarray) -> None:
        out = np.unpackbits(bits, count=len(may)).astype(bool) & may
        may[out] = False
        if out.any():
            removed[reason] = int(out.sum())

    with Listed(customers) as listed:
        if spec.channel is not None:
            agreed = consented(
                listed, artifacts, state, channel=spec.channel, purpose=spec.purpose, at=at
            )
            leave_out("no_consent", ~agreed)
        leave_out("suppressed", suppressed(listed, artifacts, state, channel=spec.channel))
        if spec.contact_cap is not None:
            enough = contacted_enough(listed, artifacts, state, cap=spec.contact_cap, at=at)
            leave_out("contact_cap", enough)
    return StillAllowed(may, removed)
