"""What validation found: rows read, accepted and quarantined, by table and reason."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.durable import whole_file, write_json


@dataclass(frozen=True)
class Finding:
    """Rows of a table that have one thing wrong.

    Attributes
    ----------
    column : str
        Where; several names are separated by commas.
    reason, fix : str
        What is wrong, and the smallest change that puts it right.
    rows : int
        How many rows have it; a row with several things wrong counts in each.
    """

    column: str
    reason: str
    fix: str
    rows: int


@dataclass(frozen=True)
class TableQuality:
    """What validation found in one table.

    Attributes
    ----------
    table, origin : str
        Its name, and what messages call its file.
    read, accepted : int
        Rows.
    findings : tuple of Finding
        What is wrong with the others.
    notices : tuple of str
        What else a reader should know.
    past_retention : int
        Rows that were delivered and not read, because they are older than they are kept.
    kept_since : date, optional
        First day of the rows that are kept; none without a limit.
    """

    table: str
    origin: str
    read: int
    accepted: int
    findings: tuple[Finding, ...] = ()
    notices: tuple[str, ...] = ()
    past_retention: int = 0
    kept_since: date | None = None

    @property
    def quarantined(self) -> int:
        """Rows that were set aside."""
        return self.read - self.accepted

    @property
    def worst(self) -> tuple[Finding, ...]:
        """The three findings with most rows."""
        return tuple(sorted(self.findings, key=lambda finding: -finding.rows)[:3])

    @property
    def quarantined_share(self) -> float:
        """Rows set aside as a share of the rows read, in [0, 1]; 0 for an empty table."""
        return self.quarantined / self.read if self.read else 0.0


@dataclass(frozen=True)
class Quality:
    """What validation found in all tables.

    Attributes
    ----------
    location : str
        Where the data came from.
    checked_at : str
        The moment against which future dates were judged (ISO 8601, UTC).
    max_quarantined_share : float
        What is tolerated in a table, in [0, 1].
    tables : tuple of TableQuality
        One entry per table that was delivered.
    notices : tuple of str
        What was not delivered, and what that leaves out.
    """

    location: str
    checked_at: str
    max_quarantined_share: float
    tables: tuple[TableQuality, ...]
    notices: tuple[str, ...] = ()

    @property
    def refused(self) -> tuple[TableQuality, ...]:
        """Tables of which more than the tolerated share was set aside."""
        return tuple(t for t in self.tables if t.quarantined_share > self.max_quarantined_share)

    @property
    def passed(self) -> bool:
        """Whether the accepted rows may be used."""
        return not self.refused

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a JSON document."""
        return {
            "location": self.location,
            "checked_at": self.checked_at,
            "passed": self.passed,
            "max_quarantined_share": self.max_quarantined_share,
            "read": sum(t.read for t in self.tables),
            "accepted": sum(t.accepted for t in self.tables),
            "quarantined": sum(t.quarantined for t in self.tables),
            "tables": [
                {
                    "table": t.table,
                    "origin": t.origin,
                    "read": t.read,
                    "accepted": t.accepted,
                    "quarantined": t.quarantined,
                    "quarantined_share": t.quarantined_share,
                    "findings": [asdict(finding) for finding in t.findings],
                    "notices": list(t.notices),
                    "past_retention": t.past_retention,
                    "kept_since": None if t.kept_since is None else str(t.kept_since),
                }
                for t in self.tables
            ],
            "notices": list(self.notices),
        }


def read_quality(folder: Path) -> Quality:
    """Return the report that `write_report` wrote into a folder."""
    found = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    tables = tuple(
        TableQuality(
            table=one["table"],
            origin=one["origin"],
            read=one["read"],
            accepted=one["accepted"],
            findings=tuple(Finding(**finding) for finding in one["findings"]),
            notices=tuple(one["notices"]),
            past_retention=one.get("past_retention", 0),
            kept_since=date.fromisoformat(since) if (since := one.get("kept_since")) else None,
        )
        for one in found["tables"]
    )
    return Quality(
        location=found["location"],
        checked_at=found["checked_at"],
        max_quarantined_share=found["max_quarantined_share"],
        tables=tables,
        notices=tuple(found["notices"]),
    )


def write_report(quality: Quality, folder: Path) -> None:
    """Write `report.json`, and `report.html` for people, into the folder."""
    write_json(folder / "report.json", quality.to_dict())
    with whole_file(folder / "report.html") as draft:
        draft.write_text(as_html(quality), encoding="utf-8")


def as_html(quality: Quality) -> str:
    """Return the report as one page that needs nothing else, not even a network."""
    from importlib.resources import files

    import jinja2

    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = files("pipeline").joinpath("quality.html.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(quality=quality, document=quality.to_dict())
