"""Compare the newest rows of a subject with every earlier month that counts as quiet."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from ibis.backends.duckdb import Backend
from pydantic import BaseModel, ConfigDict

from pipeline.fingerprint import digest
from pipeline.monitor.counts import Bins, Counted, count_rows, lay_bins
from pipeline.monitor.keep import read_bins, read_counts, write_bins, write_counts
from pipeline.monitor.limits import MonitoringParams
from pipeline.monitor.moved import Moved, moved_columns
from pipeline.monitor.population import Population
from pipeline.snapshot_store import SnapshotError


class Drift(BaseModel):
    """How far the rows of a subject have moved.

    Attributes
    ----------
    references : tuple of date
        The earlier cut-offs that were compared with.
    rows : int
        Rows at the newest cut-off.
    rows_before : int, optional
        Rows at the newest earlier one.
    columns : list of Moved
        Each column, those that ring first, then the furthest.
    note : str
        What is not watched, and why.
    """

    model_config = ConfigDict(frozen=True)

    references: tuple[date, ...]
    rows: int
    rows_before: int | None
    columns: list[Moved]
    note: str = ""


def drift_of(
    connection: Backend,
    artifacts: Path,
    subject: str,
    population: Population,
    *,
    newest: date,
    watched: Mapping[date, frozenset[str]],
    limits: MonitoringParams,
) -> Drift:
    """Count the newest rows, and those of the references that were not counted before.

    References are the cut-offs of the live version, and the earlier ones that were watched.
    Where a column rang, that cut-off is no reference for it until a version has learned from
    it: what is broken goes on ringing until it is mended or is what the model knows.

    Parameters
    ----------
    connection : Backend
        An engine.
    artifacts : Path
        Root of the artefacts.
    subject : str
        Under which name bins and counts are kept.
    population : Population
        Its rows.
    newest : date
        Cut-off of the scores that are live.
    watched : mapping of date to set of str
        Earlier cut-offs that were watched, with the columns that rang there.
    limits : MonitoringParams
        Past which a column rings.
    """
    days = sorted({day for day in (*population.seen, *watched) if day < newest})
    past = _counted(connection, artifacts, subject, population, days)
    now = _counted(connection, artifacts, subject, population, [newest])[newest]
    rang: dict[str, set[date]] = {}
    for day, columns in watched.items():
        if day not in population.learned:
            for column in columns:
                rang.setdefault(column, set()).add(day)
    bins = read_bins(artifacts, subject)
    texts = frozenset(name for name in now.columns if bins[name].values is not None)
    skip = {column: frozenset(at) for column, at in rang.items()}
    return Drift(
        references=tuple(past),
        rows=now.rows,
        rows_before=past[max(past)].rows if past else None,
        columns=moved_columns(now, past, limits, texts=texts, skip=skip),
        note=population.note,
    )


def bins_for(
    connection: Backend,
    artifacts: Path,
    subject: str,
    population: Population,
    *,
    columns: Sequence[str],
    days: Iterable[date],
) -> dict[str, Bins]:
    """Return the bins of some columns; those that have none get them at the earliest cut-off."""
    bins = read_bins(artifacts, subject)
    missing = [name for name in columns if name not in bins]
    if missing:
        rows = population.rows(connection, min(days))
        laid = [name for name in missing if name in rows.columns]
        bins |= lay_bins(connection, rows, laid)
        write_bins(artifacts, subject, bins)
    return {name: bins[name] for name in columns if name in bins}


def _counted(
    connection: Backend,
    artifacts: Path,
    subject: str,
    population: Population,
    days: Sequence[date],
) -> dict[date, Counted]:
    known = {day: found for day in days if (found := _fingerprint(population, day))}
    if not known:
        return {}
    bins = bins_for(
        connection, artifacts, subject, population, columns=population.columns, days=known
    )
    laid = digest({name: one.model_dump() for name, one in sorted(bins.items())})
    counts: dict[date, Counted] = {}
    for day, fingerprint in known.items():
        made_from = digest(fingerprint, laid)
        counted = read_counts(artifacts, subject, day, made_from=made_from)
        if counted is None:
            rows = population.rows(connection, day)
            own = {name: one for name, one in bins.items() if name in rows.columns}
            counted = count_rows(connection, rows, own)
            write_counts(artifacts, subject, day, counted, made_from=made_from)
        counts[day] = counted
    return counts


def _fingerprint(population: Population, day: date) -> str | None:
    """Return what the rows of a cut-off follow from; none where they are gone."""
    try:
        return population.fingerprint(day)
    except (SnapshotError, FileNotFoundError, json.JSONDecodeError):
        return None
