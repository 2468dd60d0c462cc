"""Whom a pseudonym stands for: a keyed hash cannot be undone, so everybody known is tried."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from campaigns.pseudonyms import LENGTH, MARK, Pseudonyms
from pipeline.duck import quoted

#: Sets of files whose customers are held, 12 bytes and the id for each.
HELD = 4
#: The first so many characters of a pseudonym's hash find the few whom it may stand for.
_DIGITS = 16


class _Index(NamedTuple):
    """Customers by their pseudonyms: `numbers` ascend, and `ids` stand in their order."""

    numbers: np.ndarray
    ids: pa.Array


class KnownPseudonyms:
    """Finds customers by their pseudonyms among those that files name.

    The files are read when somebody is first looked for in them, and again when one changes.

    Parameters
    ----------
    pseudonyms : Pseudonyms
        Those of the project.
    """

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[tuple[str, int, int], ...], _Index] = OrderedDict()

    def among(self, files: Iterable[Path], names: Sequence[str]) -> dict[str, str]:
        """Return the customers that pseudonyms stand for; what stands for nobody is absent.

        Parameters
        ----------
        files : iterable of Path
            Parquet files with a column `customer_id`; those that are not there are passed over.
        names : sequence of str
            Whatever a caller took for pseudonyms.
        """
        asked = [name for name in dict.fromkeys(names) if _is_one(name)]
        signature = tuple(_signature(file) for file in files if file.exists())
        if not asked or not signature:
            return {}
        index = self._index(signature)
        numbers = np.array([_number(name) for name in asked], dtype=np.uint64)
        first = np.searchsorted(index.numbers, numbers, side="left").tolist()
        last = np.searchsorted(index.numbers, numbers, side="right").tolist()
        found = {}
        for name, start, end in zip(asked, first, last, strict=True):
            for place in range(start, end):
                customer = index.ids[place].as_py()
                if self._pseudonyms.of(customer) == name:
                    found[name] = customer
        return found

    def _index(self, signature: tuple[tuple[str, int, int], ...]) -> _Index:
        # Under the lock: who asks at the same time waits for the one who reads.
        with self._lock:
            held = self._held.get(signature)
            if held is None:
                held = self._held[signature] = self._read([path for path, *_ in signature])
                while len(self._held) > HELD:
                    self._held.popitem(last=False)
            self._held.move_to_end(signature)
            return held

    def _read(self, paths: list[str]) -> _Index:
        files = ", ".join(quoted(Path(path)) for path in paths)
        with duckdb.connect() as connection:
            ids = connection.sql(
                "SELECT DISTINCT customer_id::VARCHAR AS customer_id FROM "  # noqa: S608 - ours
                f"read_parquet([{files}], union_by_name = true) WHERE customer_id IS NOT NULL"
            ).to_arrow_table()["customer_id"]
        names = self._pseudonyms.column(ids)
        numbers = _numbers(pc.utf8_slice_codeunits(names, len(MARK), len(MARK) + _DIGITS))
        order = np.argsort(numbers, kind="stable")
        return _Index(numbers[order], ids.take(pa.array(order)).combine_chunks())


def _is_one(name: str) -> bool:
    rest = name.removeprefix(MARK)
    return len(name) == LENGTH and len(rest) == LENGTH - len(MARK) and set(rest) <= _HEXADECIMAL


_HEXADECIMAL = frozenset("0123456789abcdef")


def _number(name: str) -> int:
    return int(name[len(MARK) : len(MARK) + _DIGITS], 16)


def _numbers(digits: pa.ChunkedArray) -> np.ndarray:
    """Return 16 hexadecimal digits each as a number, a column at a time."""
    text = np.frombuffer("".join(digits.to_pylist()).encode(), dtype=np.uint8)
    nibbles = np.where(text > ord("9"), text - (ord("a") - 10), text - ord("0"))
    paired = (nibbles[0::2] << 4) | nibbles[1::2]
    return paired.astype(np.uint8).view(">u8").astype(np.uint64)


def _signature(file: Path) -> tuple[str, int, int]:
    status = file.stat()
    return str(file), status.st_ino, status.st_mtime_ns
