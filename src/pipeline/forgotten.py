"""Who asked to be forgotten: salted hashes of their ids, so that no new data bring them back.

`artifacts/forgotten.json` holds a salt and the hashes, and no id. Whoever has the file and a
list of ids can tell which of them were forgotten, so it is readable by its owner alone.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from pydantic import BaseModel, ConfigDict

from pipeline.casts import read_as
from pipeline.durable import whole_file
from pipeline.engine import engine
from pipeline.fingerprint import digest
from pipeline.lock import exclusive

#: The file, under the artefacts, and the lock of whoever changes it or has to see it unchanged.
TOMBSTONES, LOCK = "forgotten.json", ".forgotten.lock"

_CUSTOMER = "customer_id"


class Forgotten(BaseModel):
    """Hashes of the ids of those who were forgotten, each with the day.

    Examples
    --------
    >>> gone = Forgotten(salt="s").joined_by(["ann"], on=date(2026, 3, 1))
    >>> gone.since("ann"), gone.since("bob")
    (datetime.date(2026, 3, 1), None)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    salt: str = ""
    people: dict[str, date] = {}

    def since(self, customer_id: str) -> date | None:
        """Return the day on which a customer was forgotten; none who was not."""
        return self.people.get(_hash(self.salt, customer_id))

    def joined_by(self, customers: Iterable[str], *, on: date) -> "Forgotten":
        """Return the same with some customers more; who is in it already keeps the day."""
        salt = self.salt or secrets.token_hex(16)
        new = {_hash(salt, one): on for one in customers}
        return Forgotten(salt=salt, people={**new, **self.people})

    def stamped(self, fingerprint: str) -> str:
        """Return the fingerprint of data less those who were forgotten."""
        return digest(fingerprint, sorted(self.people)) if self.people else fingerprint


def read_forgotten(artifacts: Path) -> Forgotten:
    """Return who was forgotten; nobody where there is no such file."""
    try:
        return Forgotten.model_validate_json((artifacts / TOMBSTONES).read_bytes())
    except FileNotFoundError:
        return Forgotten()


def remember_forgotten(artifacts: Path, customers: Iterable[str], *, on: date) -> Forgotten:
    """Add customers to those who were forgotten."""
    return _changed(artifacts, lambda known: known.joined_by(customers, on=on))


def stir(artifacts: Path) -> None:
    """Give the file another mark: who reads customers' data now reads them without the forgotten.

    What was begun before, with the older mark, is not put into force any more; see `mark`.
    """
    _changed(artifacts, lambda known: known)


def mark(artifacts: Path) -> tuple[int, ...]:
    """Return what tells the data of before an erasure from those of after it; costs one `stat`."""
    try:
        status = (artifacts / TOMBSTONES).stat()
    except FileNotFoundError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size


@contextmanager
def unforgotten_since(artifacts: Path, before: tuple[int, ...]) -> Iterator[bool]:
    """Yield whether nobody was forgotten since a mark; nobody is while the block lasts."""
    with exclusive(artifacts / LOCK):
        yield mark(artifacts) == before


def leave_out_forgotten(path: Path, forgotten: Forgotten) -> int:
    """Rewrite a delivered table without those who were forgotten; return how many rows went.

    Ids are read as `validate` reads them, so that 13085.0 is 13085.
    """
    if not forgotten.people:
        return 0
    with engine(path.parent, in_order=True) as connection:
        rows = connection.read_parquet(path)
        if _CUSTOMER not in rows.columns:
            return 0
        hashed = _sha256(
            ibis.literal(forgotten.salt) + read_as(rows[_CUSTOMER], "text", time_zone="UTC")
        )
        is_gone = hashed.isin(list(forgotten.people)).fill_null(False)  # noqa: FBT003 - a value
        count = int(rows.filter(is_gone).count().execute())
        if count:
            with whole_file(path) as draft:
                connection.to_parquet(rows.filter(~is_gone), draft)
    return count


def _changed(artifacts: Path, change: Callable[[Forgotten], Forgotten]) -> Forgotten:
    with exclusive(artifacts / LOCK):
        changed = change(read_forgotten(artifacts))
        with whole_file(artifacts / TOMBSTONES) as draft:
            draft.touch(mode=0o600)
            draft.write_text(changed.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return changed


def _hash(salt: str, customer_id: str) -> str:
    return hashlib.sha256(f"{salt}{customer_id}".encode()).hexdigest()


def _digest_of(text: Any) -> Any:
    """Return the SHA-256 of a text, in hexadecimal."""


_sha256 = ibis.udf.scalar.builtin(_digest_of, name="sha256", signature=((dt.string,), dt.string))
