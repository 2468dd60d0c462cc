"""Cells of a CSV stream as texts in Parquet, with the lines that cannot be split."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pipeline.sources.definition import SOURCE_PROBLEM, SOURCE_ROW, SOURCE_TEXT, SourceError

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = (",", ";", "\t", "|")

#: A cell has to fit into a block. Few do not fit into the first.
BLOCK_BYTES = (16 << 20, 256 << 20, 1 << 30)


@dataclass(frozen=True)
class Heading:
    """Names of the columns, and what stands between two cells."""

    names: tuple[str, ...]
    delimiter: str


def read_heading(line: str, *, origin: str, delimiter: str | None = None) -> Heading:
    """Split the first line of a file.

    Parameters
    ----------
    line : str
        The line, without its end.
    origin : str
        What messages call the file.
    delimiter : str, optional
        The one that gives most columns, where it is left out.

    Raises
    ------
    SourceError
        If there is no heading, or if two columns have the same name.

    Examples
    --------
    >>> read_heading("customer_id;joined_on", origin="customers.csv")
    Heading(names=('customer_id', 'joined_on'), delimiter=';')
    """
    splits = {
        one: [name.strip() for name in next(csv.reader([line], delimiter=one), [])]
        for one in ((delimiter,) if delimiter else DELIMITERS)
    }
    best = max(splits, key=lambda one: len(splits[one]))
    names = splits[best]
    if not any(names):
        raise SourceError(
            f"{origin} has no heading: its first line is empty. The first line has to hold the "
            "names of the columns."
        )
    if "\0" in line:
        raise SourceError(
            f"{origin}: the heading holds bytes of value 0, as UTF-16 does. Save it as UTF-8, or "
            "name its encoding in a mapping file, such as `encoding: utf-16-le`."
        )
    named = tuple(name or f"unnamed_{i}" for i, name in enumerate(names, start=1))
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise SourceError(
            f"{origin}: the column {', '.join(twice)} appears more than once in the heading. "
            "Rename or remove one."
        )
    return Heading(named, best)


def write_cells(
    open_stream: Callable[[], IO[bytes]],
    to: Path,
    *,
    heading: Heading,
    origin: str,
    size: int | None = None,
) -> None:
    """Write every line below the heading into a Parquet file.

    Cells lose outer blanks, and an empty cell is null. `_row` counts as a spreadsheet does:
    the heading is row 1; empty lines do not count. A line with too few or too many cells
    has none of them, but its text in `_text` and what is wrong in `_problem`.

    Parameters
    ----------
    open_stream : callable
        Returns the bytes (UTF-8), heading included; called again if a cell is very long.
    to : Path
        The file to write.
    heading : Heading
        What the first line says.
    origin : str
        What messages call the file.
    size : int, optional
        Bytes in the stream, where that is known.

    Raises
    ------
    SourceError
        If a cell is longer than the largest block.
    """
    import pyarrow as pa

    for block_bytes in BLOCK_BYTES:
        try:
            with open_stream() as stream:
                _write(stream, to, heading=heading, block_bytes=block_bytes)
        except pa.ArrowInvalid as error:
            if "straddl" not in str(error):
                raise SourceError(
                    f"{origin} cannot be split into lines and cells. Texts that hold the "
                    "delimiter, a quote or a line break have to be in quotes, and a quote within "
                    "them doubled; export the file again."
                ) from error
            if size is not None and size < block_bytes:
                break
        else:
            return
    raise SourceError(
        f"{origin}: a quote is opened and never closed, or a line is longer than "
        f"{BLOCK_BYTES[-1] >> 20:,} MiB. Correct it and export the file again."
    )


@dataclass
class _Broken:
    """Lines out of step, as the parser meets them."""

    numbers: list[int] = field(default_factory=list)
    unwritten: list[tuple[int, str, str]] = field(default_factory=list)

    def __call__(self, line: Any) -> str:
        problem = f"cells: {line.actual_columns}, where the heading has {line.expected_columns}"
        lines = len(line.text.splitlines())
        if lines > 1:
            problem += f"; it runs over {lines:,} lines, so a quote is probably not closed"
        self.numbers.append(line.number)
        self.unwritten.append((line.number, problem, line.text))
        return "skip"

    def row_numbers(self, first: int, count: int) -> np.ndarray:
        """Return the row numbers of whole lines `first`, ..., counted from 0 without broken ones.

        Examples
        --------
        >>> _Broken(numbers=[3]).row_numbers(0, 3).tolist()
        [2, 4, 5]
        """
        whole = np.arange(first, first + count)
        numbers = np.array(self.numbers, dtype=np.int64) - 2  # the first below the heading is 0
        passed = np.searchsorted(numbers - np.arange(len(numbers)), whole, side="right")
        return np.asarray(whole + passed + 2, dtype=np.int64)

    def take(self) -> list[tuple[int, str, str]]:
        """Return what was not written yet, and forget it."""
        taken, self.unwritten = self.unwritten, []
        return taken


def _write(stream: IO[bytes], to: Path, *, heading: Heading, block_bytes: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [(name, pa.string()) for name in heading.names]
        + [(SOURCE_ROW, pa.int64()), (SOURCE_PROBLEM, pa.string()), (SOURCE_TEXT, pa.string())]
    )
    broken = _Broken()
    written = 0
    with pq.ParquetWriter(to, schema) as writer:
        for batch in _batches(stream, heading, block_bytes, broken):
            numbers = broken.row_numbers(written, batch.num_rows)
            writer.write_batch(_whole_lines(batch, numbers, schema))
            written += batch.num_rows
            _write_broken(writer, broken.take(), schema)
        _write_broken(writer, broken.take(), schema)


def _batches(
    stream: IO[bytes], heading: Heading, block_bytes: int, broken: _Broken
) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa
    import pyarrow.csv as pc

    reader = pc.open_csv(
        stream,
        # One thread: only then does the parser number the lines that it cannot split.
        read_options=pc.ReadOptions(
            use_threads=False,
            block_size=block_bytes,
            column_names=list(heading.names),
            skip_rows_after_names=1,
        ),
        parse_options=pc.ParseOptions(
            delimiter=heading.delimiter,
            newlines_in_values=True,
            invalid_row_handler=broken,
            ignore_empty_lines=len(heading.names) > 1,  # a null of a single column is one
        ),
        convert_options=pc.ConvertOptions(
            column_types={name: pa.string() for name in heading.names},
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    with reader:
        yield from reader


def _whole_lines(
    batch: "pa.RecordBatch", numbers: np.ndarray, schema: "pa.Schema"
) -> "pa.RecordBatch":
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = [pc.utf8_trim_whitespace(column) for column in batch.columns]
    nothing = pa.nulls(batch.num_rows, pa.string())
    return pa.RecordBatch.from_arrays([*cells, pa.array(numbers), nothing, nothing], schema=schema)


def _write_broken(writer: Any, lines: list[tuple[int, str, str]], schema: "pa.Schema") -> None:
    if not lines:
        return
    import pyarrow as pa

    rows = [
        {SOURCE_ROW: number, SOURCE_PROBLEM: problem, SOURCE_TEXT: text}
        for number, problem, text in lines
    ]
    writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
