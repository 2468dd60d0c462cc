"""CSV that no spreadsheet takes for a program: cells that would be formulas become text."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

#: What a spreadsheet may take for the start of a formula, full-width forms included.
STARTS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"

_FORMULA = re.compile(f"[{STARTS}]")
_LANGUAGES = ("en", "zh-TW")


def neutral(cell: Any) -> Any:
    """Return a cell that is shown and never carried out; numbers stay numbers.

    Examples
    --------
    >>> neutral("=HYPERLINK(1)"), neutral("ann"), neutral(-0.5)
    ("'=HYPERLINK(1)", 'ann', -0.5)
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def neutral_columns(rows: pa.Table) -> pa.Table:
    """Return a table as `neutral` leaves each text of it, a column at a time.

    Dates stay as they are, and so do numbers: a minus before a digit of a number is none of
    a formula.
    """
    for place, field in enumerate(rows.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = rows.column(place)
            risky = pc.match_substring_regex(column, f"^[{STARTS}]")
            if pc.any(risky).as_py():
                marked = pc.binary_join_element_wise(pa.scalar("'", field.type), column, "")
                rows = rows.set_column(place, field.name, pc.if_else(risky, marked, column))
    return rows


def flat(rows: pa.Table) -> pa.Table:
    """Return a table whose reasons are texts: a column for each language."""
    if "reasons" not in rows.column_names:
        return rows
    reasons = rows["reasons"].to_pylist()
    rows = rows.drop_columns(["reasons"])
    for language in _LANGUAGES:
        texts = [
            None if one is None else "; ".join(reason[language] for reason in one["strongest"])
            for one in reasons
        ]
        rows = rows.append_column(f"reasons_{language}", pa.array(texts, pa.string()))
    return rows


def csv_line(cells: Iterable[Any]) -> bytes:
    r"""Return one line of CSV in UTF-8.

    Examples
    --------
    >>> csv_line(["@ann", 0.5, None])
    b"'@ann,0.5,\n"
    """
    line = io.StringIO()
    # With the line end of its own, which alone makes it quote both kinds of line ends.
    csv.writer(line).writerow([neutral(cell) for cell in cells])
    return line.getvalue().removesuffix("\r\n").encode() + b"\n"
