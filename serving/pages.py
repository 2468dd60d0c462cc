"""Pages of frozen lists as bytes, encoded once and kept while there is room.

A list never changes, so neither do the bytes of its members. Encoding a thousand members
takes milliseconds and joining encoded ones takes microseconds, so members are encoded in
blocks of a thousand, and any page is cut out of one or two blocks.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from campaigns.csv_text import csv_line, flat
from campaigns.members import members_path, read_members
from campaigns.target_list import TargetList, find_list
from serving.arrow_bytes import arrow_bytes
from serving.formats import Form
from serving.json_bytes import json_bytes
from serving.names import Names

#: Members in a block, and in the largest page.
BLOCK = 1000


class BlockName(NamedTuple):
    """A list, the number of a block of it, whether with reasons and pseudonyms, and the form."""

    list_id: str
    number: int
    reasons: bool
    form: Form
    pseudonymous: bool = False


class Block(NamedTuple):
    """Encoded members: `rows[starts[i]:starts[i + 1]]` is the i-th, with what ends it.

    `head` stands before the rows of a page: the names of the columns, in CSV. `fields` are
    the columns of the list that members were encoded with.
    """

    rows: bytes
    starts: Sequence[int]
    fields: tuple[str, ...]
    head: bytes = b""


class Page(NamedTuple):
    """Some members of a list, encoded.

    Attributes
    ----------
    list : TargetList
        The list they belong to.
    members : bytes
        In rank order: JSON objects separated by commas, lines, or a stream of Arrow.
    last : int
        The last rank up to here.
    head : bytes
        What stands before them: the names of the columns, in CSV.
    fields : tuple of str
        The columns of the list that they hold.
    """

    list: TargetList
    members: bytes
    last: int
    head: bytes
    fields: tuple[str, ...]


class Pages:
    """Reads pages, and keeps the blocks that were asked for last.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    state : Engine
        The state database.
    capacity_bytes : int
        How many bytes of blocks to keep.

    Attributes
    ----------
    bytes : int
        How many are kept.
    """

    def __init__(self, artifacts: Path, state: Engine, *, capacity_bytes: int) -> None:
        self._artifacts = artifacts
        self._state = state
        self._capacity_bytes = capacity_bytes
        self.bytes = 0
        self._lock = threading.Lock()
        self._lists: dict[str, tuple[tuple[int, int], TargetList]] = {}
        self._blocks: OrderedDict[BlockName, Block] = OrderedDict()

    def kept(
        self,
        list_id: str,
        *,
        after: int,
        limit: int,
        names: Names,
        reasons: bool = False,
        form: Form = "json",
    ) -> Page | None:
        """Return a page if all of it is in memory; never waits."""
        if form == "arrow":
            return None
        signature, found = self._lists.get(list_id, (None, None))
        if found is None or signature != self._signature(list_id):
            return None
        wanted = [
            BlockName(list_id, one, reasons, form, names.pseudonymous)
            for one in _numbers(found, after, limit)
        ]
        with self._lock:
            blocks = [self._blocks.get(name) for name in wanted]
            for name in wanted:
                if name in self._blocks:
                    self._blocks.move_to_end(name)
        present = [block for block in blocks if block]
        return _cut(found, present, after, limit) if len(present) == len(wanted) else None

    def read(
        self,
        list_id: str,
        *,
        after: int,
        limit: int,
        names: Names,
        reasons: bool = False,
        form: Form = "json",
    ) -> Page:
        """Return a page, reading what is not in memory.

        Raises
        ------
        UnknownListError
            If there is no such list.
        DamagedListError
            If its members cannot be read.
        """
        page = self.kept(list_id, after=after, limit=limit, names=names, reasons=reasons, form=form)
        if page:
            return page
        found = find_list(self._state, list_id)
        if form == "arrow":
            return self._streamed(found, after, limit, names, reasons=reasons)
        signature = self._signature(list_id)
        wanted = [
            BlockName(list_id, one, reasons, form, names.pseudonymous)
            for one in _numbers(found, after, limit)
        ]
        blocks = [self._encode(found, name, names) for name in wanted]
        with self._lock:
            if signature and self._lists.get(list_id, (signature,))[0] != signature:
                self._forget(list_id)
            if signature:
                self._lists[list_id] = signature, found
            for name, block in zip(wanted, blocks, strict=True):
                self._keep(name, block)
        return _cut(found, blocks, after, limit)

    def _streamed(
        self, found: TargetList, after: int, limit: int, names: Names, *, reasons: bool
    ) -> Page:
        """Return a page in Arrow: it is not kept, since it is made sooner than text."""
        members = read_members(
            self._artifacts, found.id, found.members, after=after, limit=limit, reasons=reasons
        )
        there = members.filter(members["customer_id"].is_valid())
        last = min(after + limit, found.ledger.selected)
        stream = arrow_bytes(names.rows(there))
        return Page(found, stream, last, b"", tuple(members.column_names))

    def _signature(self, list_id: str) -> tuple[int, int] | None:
        """Tell whether the file is the one that was read: erasing a person replaces it."""
        try:
            status = members_path(self._artifacts, list_id).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _encode(self, found: TargetList, name: BlockName, names: Names) -> Block:
        members = read_members(
            self._artifacts,
            found.id,
            found.members,
            after=name.number * BLOCK,
            limit=BLOCK,
            reasons=name.reasons,
        )
        rows = names.rows(members)
        head = b""
        if name.form == "csv":
            rows = flat(rows)
            head = csv_line(rows.column_names)
            encoded = [
                csv_line(row.values()) if _is_there(row) else b"" for row in rows.to_pylist()
            ]
        else:
            end = b"," if name.form == "json" else b"\n"
            encoded = [json_bytes(row) + end if _is_there(row) else b"" for row in rows.to_pylist()]
        starts = list(accumulate(map(len, encoded), initial=0))
        return Block(b"".join(encoded), starts, tuple(members.column_names), head)

    def _keep(self, name: BlockName, block: Block) -> None:
        replaced = self._blocks.pop(name, None)
        self._blocks[name] = block
        self.bytes += len(block.rows) - (len(replaced.rows) if replaced else 0)
        while self.bytes > self._capacity_bytes and self._blocks:
            _, oldest = self._blocks.popitem(last=False)
            self.bytes -= len(oldest.rows)

    def _forget(self, list_id: str) -> None:
        for name in [name for name in self._blocks if name.list_id == list_id]:
            self.bytes -= len(self._blocks.pop(name).rows)


def _is_there(row: Mapping[str, Any]) -> bool:
    """Tell whether the member was not forgotten since; the rank stays empty."""
    return row["customer_id"] is not None


def _numbers(found: TargetList, after: int, limit: int) -> range:
    last = min(after + limit, found.ledger.selected)
    return range(after // BLOCK, -(-last // BLOCK))


def _cut(found: TargetList, blocks: Sequence[Block], after: int, limit: int) -> Page:
    """Cut the ranks `after + 1` to `after + limit` out of consecutive blocks."""
    start, last = after % BLOCK, after
    pieces = []
    for block in blocks:
        end = min(start + limit - (last - after), len(block.starts) - 1)
        pieces.append(block.rows[block.starts[start] : block.starts[end]])
        last += end - start
        start = 0
    head, fields = (blocks[0].head, blocks[0].fields) if blocks else (b"", ())
    return Page(found, b"".join(pieces), last, head, fields)
