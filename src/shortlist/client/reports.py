"""Reports of what happened outside: contacts, outcomes, consents, suppressions."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from shortlist.client.answers import Received
from shortlist.client.transport import Transport

#: A request holds so many bytes at most; the service takes 16 MiB by default.
_MOST_BYTES = 4 * 1_048_576
_HEADERS = {"Content-Type": "application/x-ndjson"}

Row = Mapping[str, Any]


class Reports:
    """Rows of any number, sent in as many requests as it takes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def contacts(self, rows: Iterable[Row]) -> Received:
        """Report whom a campaign reached, or tried to reach."""
        return self._report("/v1/contacts", rows)

    def outcomes(self, rows: Iterable[Row]) -> Received:
        """Report what came back, of those contacted and of those held out."""
        return self._report("/v1/outcomes", rows)

    def consents(self, rows: Iterable[Row]) -> Received:
        """Report consents granted and withdrawn; they hold at once."""
        return self._report("/v1/consents", rows)

    def suppressions(self, rows: Iterable[Row]) -> Received:
        """Name customers who must not be contacted, whatever they agreed to."""
        return self._report("/v1/suppressions", rows)

    def _report(self, path: str, rows: Iterable[Row]) -> Received:
        """Send rows; times may be `datetime`s with a zone.

        Rows are known by what they say, so sending them again after an error counts none twice.
        The numbers of `errors` are those of the rows, from 1.
        """
        total: Received = {"accepted": 0, "changed": 0, "rejected": 0, "errors": []}
        for before, body in _bodies(rows):
            answer = self._transport.request("POST", path, headers=_HEADERS, content=body)
            part: Received = answer.json()
            total["accepted"] += part["accepted"]
            total["changed"] += part["changed"]
            total["rejected"] += part["rejected"]
            total["errors"] += [{**one, "line": one["line"] + before} for one in part["errors"]]
        return total


def _bodies(rows: Iterable[Row]) -> Iterator[tuple[int, bytes]]:
    """Yield bodies of so many bytes at most, each with the number of rows before it."""
    before, lines, size = 0, list[bytes](), 0
    for row in rows:
        line = json.dumps(row, default=_text, allow_nan=False).encode()
        if lines and size + len(line) > _MOST_BYTES:
            yield before, b"\n".join(lines)
            before, lines, size = before + len(lines), [], 0
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield before, b"\n".join(lines)


def _text(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be reported. Give a text, number or time.")
