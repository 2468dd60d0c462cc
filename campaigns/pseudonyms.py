"""Pseudonyms: stable names of customers that tell nobody who they are."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaigns.state.tables import Secret

#: How the secret is called in the state.
NAME = "pseudonyms"
#: What each begins with, so that one is told from an id at a glance.
MARK = "p_"
#: Characters of one: the mark and 128 bits.
LENGTH = len(MARK) + 32

_BLOCK = 64
#: From so many rows on, the engine is faster than Python, and lets other threads work.
_MANY = 10_000


class Pseudonyms:
    """Names customers by HMAC-SHA256 of their ids.

    Parameters
    ----------
    secret : bytes
        The key, at most 64 bytes. The same key gives the same names for ever.

    Examples
    --------
    >>> names = Pseudonyms(b"a secret of the project")
    >>> names.of("c-01842")
    'p_630be286346c4e9e47d93d56c0ab86b1'
    """

    def __init__(self, secret: bytes) -> None:
        padded = np.frombuffer(secret.ljust(_BLOCK, b"\0"), dtype=np.uint8)
        self._inner = (padded ^ 0x36).tobytes()
        self._outer = (padded ^ 0x5C).tobytes()
        # Both keys are hashed once; what follows them is short.
        self._begun = hashlib.sha256(self._inner), hashlib.sha256(self._outer)

    def of(self, customer_id: str) -> str:
        """Return the pseudonym of a customer."""
        inner, outer = (one.copy() for one in self._begun)
        inner.update(customer_id.encode())
        outer.update(inner.digest())
        return MARK + outer.hexdigest()[: LENGTH - len(MARK)]

    def each(self, customers: Iterable[str | None]) -> list[str | None]:
        """Return the pseudonym of each; nobody stays nobody."""
        return [None if one is None else self.of(one) for one in customers]

    def column(self, customers: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return the pseudonyms of a column of ids, in their order."""
        if len(customers) < _MANY:
            return pa.chunked_array([pa.array(self.each(customers.to_pylist()), pa.string())])
        place = pa.array(np.arange(len(customers), dtype=np.int64))
        with duckdb.connect() as connection:
            connection.register("rows", pa.table({"id": customers, "place": place}))
            # As in `of`: H(outer || H(inner || id)). Many are hashed in whatever order comes.
            found = connection.sql(
                "SELECT $mark || left(sha256($outer::BLOB || unhex(sha256($inner::BLOB || "
                "encode(id::VARCHAR)))), $kept::BIGINT) AS name FROM rows ORDER BY place",
                params={
                    "mark": MARK,
                    "outer": self._outer,
                    "inner": self._inner,
                    "kept": LENGTH - len(MARK),
                },
            ).to_arrow_table()
        return found["name"].cast(pa.string())

    def rows(self, rows: pa.Table) -> pa.Table:
        """Return rows with pseudonyms in place of `customer_id`, if they have that column."""
        place = rows.schema.get_field_index("customer_id")
        if place < 0:
            return rows
        return rows.set_column(place, "customer_id", self.column(rows["customer_id"]))


def project_pseudonyms(state: Engine, *, at: datetime) -> Pseudonyms:
    """Return the pseudonyms of this project; the first who asks makes their secret."""
    dialect = sqlite if state.dialect.name == "sqlite" else postgresql
    made = dialect.insert(Secret).on_conflict_do_nothing()
    with Session(state) as session, session.begin():
        if session.get(Secret, NAME) is None:
            new = {"name": NAME, "value": secrets.token_bytes(32), "created_at": at}
            session.execute(made.values(new))
        return Pseudonyms(session.get_one(Secret, NAME).value)
