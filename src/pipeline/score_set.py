"""Score sets: one model's scores of everybody eligible at one cut-off, immutable.

A score set lies under `artifacts/scores/MODEL/ID/` as `part-*.parquet` and `manifest.json`.
Its rows are sorted from best to worst, so the number of a row is its rank, and the best
thousand are the first thousand that are read.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from features.definition import Unit
from pipeline.durable import whole_folder, write_json
from pipeline.lock import exclusive

#: The columns a score set may have, with their types, in the order in which they are stored.
COLUMNS = {
    "customer_id": "VARCHAR",
    "product_id": "VARCHAR",
    "category": "VARCHAR",
    "arm": "VARCHAR",
    "state": "VARCHAR",
    "probability": "DOUBLE",
    "effect": "DOUBLE",
    "low": "DOUBLE",
    "high": "DOUBLE",
    "due_on": "DATE",
    "opens_on": "DATE",
    "closes_on": "DATE",
}

#: What tells two rows of a score set apart, among the columns that it has.
IDENTITY = ("customer_id", "product_id", "category", "arm")

_MANIFEST = "manifest.json"
_ROWS_PER_PART = 2_000_000
# Small enough that the best thousand are read in milliseconds, large enough to compress.
_ROWS_PER_GROUP = 65_536


class InvalidScoresError(ValueError):
    """The scores cannot be stored: a column is missing, unknown, empty or out of range."""


class UnknownScoreSetError(ValueError):
    """There is no score set of that name."""


class DamagedScoreSetError(ValueError):
    """The files of a score set are not those that its manifest lists."""


class ScoreFile(BaseModel):
    """One Parquet file of a score set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    rows: int
    bytes: int
    sha256: str


class ScoreSet(BaseModel):
    """The manifest of a score set.

    Attributes
    ----------
    id : str
        Follows from model, version, cut-off and data; see `score_set_id`.
    model, version : str
        The model that made the scores.
    as_of : date
        The cut-off that they were made at.
    unit : str
        What a row is: `"customer"` or `"pair"`.
    value : str
        The column that ranks: `"probability"` or `"effect"`.
    rows, customers : int
        Number of rows, and of different customers among them.
    base : int
        Number of customers known at the cut-off, eligible or not.
    data_fingerprint : str
        Fingerprint of the snapshot that was scored.
    files : tuple of ScoreFile
        The Parquet files, best ranks first.
    created_at : datetime
        When the set was first written, in UTC.
    revision : int
        1 as scored; the erasure of a person writes the next one.
    time_zone : str
        Business time zone, in which the day of the cut-off begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    model: str
    version: str
    as_of: date
    unit: Unit
    value: Literal["probability", "effect"]
    rows: int
    customers: int
    base: int
    data_fingerprint: str
    files: tuple[ScoreFile, ...]
    created_at: AwareDatetime
    revision: int = 1
    time_zone: str = "UTC"


def score_set_id(*, model: str, version: str, as_of: date, data_fingerprint: str) -> str:
    """Return the id that these inputs always lead to.

    Examples
    --------
    >>> score_set_id(
    ...     model="card_uptake", version="3", as_of=date(2026, 3, 1), data_fingerprint="c0ffee"
    ... )
    '2026-03-01-0247f180decb'
    """
    inputs = f"{model}\n{version}\n{as_of}\n{data_fingerprint}"
    return f"{as_of}-{hashlib.sha256(inputs.encode()).hexdigest()[:12]}"


def score_set_folder(artifacts: Path, model: str, score_set: str) -> Path:
    """Return the folder in which a score set lies."""
    return artifacts / "scores" / model / score_set


def write_score_set(
    scores: Any,
    *,
    artifacts: Path,
    model: str,
    version: str,
    as_of: date,
    unit: Unit,
    base: int,
    data_fingerprint: str,
    created_at: AwareDatetime,
    time_zone: str = "UTC",
) -> ScoreSet:
    """Store scores from best to worst; return the manifest.

    Writing the same set again changes nothing and returns the first manifest. A damaged
    set is replaced.

    Parameters
    ----------
    scores : DataFrame or pyarrow.Table of shape (n_rows, n_columns)
        Columns among `COLUMNS`: `customer_id`, either `probability` in [0, 1] or `effect`,
        and what else the model has. Missing bounds are nulls, never NaN.
    artifacts : Path
        The folder that holds everything produced.
    model, version : str
        The model that made the scores, as registered.
    as_of : date
        The scoring cut-off.
    unit : str
        What a row is.
    base : int
        Number of customers known at the cut-off, eligible or not.
    data_fingerprint : str
        Fingerprint of the snapshot that was scored.
    created_at : datetime
        The time to record, with its zone.
    time_zone : str
        Business time zone, in which the day of the cut-off begins.

    Returns
    -------
    ScoreSet
        What was stored.

    Raises
    ------
    InvalidScoresError
        If a column is missing, unknown, empty in places or out of range, if a row occurs
        twice, or if more customers are scored than are known.
    """
    identity = score_set_id(
        model=model, version=version, as_of=as_of, data_fingerprint=data_fingerprint
    )
    folder = score_set_folder(artifacts, model, identity)
    with exclusive(folder.with_name(f".{identity}.lock")):
        try:
            return read_score_set(artifacts, model, identity)
        except (UnknownScoreSetError, DamagedScoreSetError):
            pass
        ranked, value = _rank(scores)
        customers = len(ranked["customer_id"].unique())
        if customers > base:
            raise InvalidScoresError(
                f"{customers:,} customers are scored, but only {base:,} are known at {as_of}. "
                "Pass the number of all customers of the snapshot as base."
            )
        with whole_folder(folder) as draft:
            score_set = ScoreSet(
                id=identity,
                model=model,
                version=version,
                as_of=as_of,
                unit=unit,
                value=value,
                rows=len(ranked),
                customers=customers,
                base=base,
                data_fingerprint=data_fingerprint,
                files=tuple(_write_parts(ranked, draft)),
                created_at=created_at,
                time_zone=time_zone,
            )
            write_json(draft / _MANIFEST, score_set.model_dump(mode="json"))
    return score_set


def read_score_set(artifacts: Path, model: str, score_set: str) -> ScoreSet:
    """Return the manifest of a stored score set, having checked that its files are there.

    Raises
    ------
    UnknownScoreSetError
        If there is no such score set.
    DamagedScoreSetError
        If the manifest cannot be read, or a file is missing or has another size.
        `verify_score_set` also compares the contents.
    """
    folder = score_set_folder(artifacts, model, score_set)
    try:
        manifest = ScoreSet.model_validate_json((folder / _MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UnknownScoreSetError(
            f"there is no score set {score_set} of {model} under {artifacts / 'scores'}. "
            "Make it with `shortlist score`."
        ) from error
    except ValidationError as error:
        raise _damaged(score_set, model, f"{_MANIFEST} does not describe a score set") from error
    for file in manifest.files:
        path = folder / file.name
        size = path.stat().st_size if path.is_file() else None
        if size != file.bytes:
            found = "is missing" if size is None else f"has {size:,} bytes"
            raise _damaged(score_set, model, f"{file.name} {found}, expected {file.bytes:,} bytes")
    return manifest


def verify_score_set(artifacts: Path, score_set: ScoreSet) -> None:
    """Compare the contents of every file with the manifest; takes a second per gigabyte.

    Raises
    ------
    DamagedScoreSetError
        If a file does not have the contents that were written.
    """
    for file, path in zip(score_set.files, parts(artifacts, score_set), strict=True):
        if _sha256(path) != file.sha256:
            raise _damaged(
                score_set.id, score_set.model, f"{file.name} has been changed since it was written"
            )


def parts(artifacts: Path, score_set: ScoreSet) -> list[Path]:
    """Return the Parquet files of a score set, best ranks first."""
    folder = score_set_folder(artifacts, score_set.model, score_set.id)
    return [folder / file.name for file in score_set.files]


def stored_schema(artifacts: Path, score_set: ScoreSet) -> pa.Schema:
    """Return names and types of the columns that a score set has."""
    return pq.read_schema(parts(artifacts, score_set)[0])


def ranked_batches(artifacts: Path, score_set: ScoreSet) -> Iterator[pa.RecordBatch]:
    """Yield the rows from best to worst, a row group at a time.

    Whoever needs the best few stops early and never reads the rest.
    """
    for path in parts(artifacts, score_set):
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield from file.read_row_group(group).to_batches()


def _rank(scores: Any) -> tuple[pa.Table, Literal["probability", "effect"]]:
    """Check the scores and sort them from best to worst."""
    # By way of Arrow: DuckDB 2.0 fails on a reversed pandas frame, and pandas' NaN become nulls.
    given = (
        scores
        if isinstance(scores, pa.Table)
        else pa.Table.from_pandas(scores, preserve_index=False)
    )
    with duckdb.connect() as connection:
        connection.register("given", given)
        names = [row[0] for row in connection.execute("DESCRIBE given").fetchall()]
        value = _checked_columns(names)
        kept = [name for name in COLUMNS if name in names]
        key = [name for name in IDENTITY if name in names]
        casts = ", ".join(f"{name}::{COLUMNS[name]} AS {name}" for name in kept)
        order = ", ".join([f"{value} DESC", *key])
        ranked = connection.sql(
            f"SELECT {casts} FROM given ORDER BY {order}"  # noqa: S608  # declared names only
        ).to_arrow_table()
        connection.register("ranked", ranked)
        _check_values(connection, value, key, [name for name in ("low", "high") if name in names])
    return ranked, value


def _checked_columns(names: list[str]) -> Literal["probability", "effect"]:
    unknown = sorted(set(names) - set(COLUMNS))
    if unknown:
        raise InvalidScoresError(
            f"a score set has no column {unknown[0]}. Its columns are {', '.join(COLUMNS)}."
        )
    if "customer_id" not in names:
        raise InvalidScoresError("the scores have no column customer_id. Add it.")
    if ("probability" in names) == ("effect" in names):
        raise InvalidScoresError(
            "a score set ranks by one column. Keep either probability or effect."
        )
    return "probability" if "probability" in names else "effect"


def _check_values(
    connection: duckdb.DuckDBPyConnection, value: str, key: list[str], bounds: list[str]
) -> None:
    outside = f"{value} NOT BETWEEN 0 AND 1" if value == "probability" else f"isinf({value})"
    conditions = {
        f"a missing {' or '.join(key)}": " OR ".join(f"{name} IS NULL" for name in key),
        f"a missing {value}": f"{value} IS NULL OR isnan({value})",
        f"{'a probability outside [0, 1]' if value == 'probability' else 'an infinite effect'}": (
            outside
        ),
    }
    conditions |= {f"NaN in {name}, which takes nulls": f"isnan({name})" for name in bounds}
    counts = ", ".join(f"count(*) FILTER (WHERE {rule})" for rule in conditions.values())
    unique = f"count(DISTINCT ({', '.join(key)}))"
    row = connection.execute(
        f"SELECT count(*), {unique}, {counts} FROM ranked"  # noqa: S608  # declared names only
    ).fetchone()
    rows, different, *broken = row or (0, 0)
    for problem, count in zip(conditions, broken, strict=True):
        if count:
            raise InvalidScoresError(f"{count:,} of {rows:,} scores have {problem}.")
    if different < rows:
        raise InvalidScoresError(
            f"{rows - different:,} of {rows:,} scores repeat a {' and '.join(key)}. Keep one each."
        )


def _write_parts(ranked: pa.Table, folder: Path) -> Iterator[ScoreFile]:
    # An empty set still has a file, so that its columns can be read.
    for number, start in enumerate(range(0, max(len(ranked), 1), _ROWS_PER_PART)):
        part = ranked.slice(start, _ROWS_PER_PART)
        path = folder / f"part-{number:05}.parquet"
        pq.write_table(part, path, row_group_size=_ROWS_PER_GROUP, compression="zstd")
        yield ScoreFile(
            name=path.name, rows=len(part), bytes=path.stat().st_size, sha256=_sha256(path)
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(score_set: str, model: str, found: str) -> DamagedScoreSetError:
    return DamagedScoreSetError(
        f"score set {score_set} of {model} is damaged: {found}. Restore it from a backup, or "
        f"make it again with `shortlist score`."
    )
