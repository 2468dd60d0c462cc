"""Small pieces of HTML, for what a notebook shows."""

from collections.abc import Iterable, Sequence
from html import escape

_NUMBERS = "text-align:right;font-variant-numeric:tabular-nums"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "") -> str:
    """Return a table whose first column is text and whose others are figures.

    Examples
    --------
    >>> "<td" in table(["a"], [["<b>"]]), "<b>" in table(["a"], [["<b>"]])
    (True, False)
    """
    head = "".join(f"<th{_style(at)}>{escape(name)}</th>" for at, name in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(f"<td{_style(at)}>{escape(str(cell))}</td>" for at, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    told = f"<caption style='text-align:left'>{escape(caption)}</caption>" if caption else ""
    return f"<table>{told}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def paragraph(text: str, *, strong: bool = False) -> str:
    """Return a paragraph."""
    inside = f"<strong>{escape(text)}</strong>" if strong else escape(text)
    return f"<p>{inside}</p>"


def _style(column: int) -> str:
    return f' style="{_NUMBERS}"' if column else ' style="text-align:left"'
