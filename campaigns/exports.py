"""Exports: the members of a list as files, less those who may not be contacted any more."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine

from campaigns.contact_columns import BESIDE, CONTACT, with_columns
from campaigns.csv_text import flat, neutral_columns
from campaigns.labels import LABEL, labels
from campaigns.list_spec import ListSpec
from campaigns.members import DamagedListError, members_path, whole_members
from campaigns.pseudonyms import Pseudonyms
from campaigns.reasons import COLUMN as REASONS
from campaigns.still_allowed import still_allowed
from campaigns.target_list import TargetList, find_list
from campaigns.webhooks.events import emit
from pipeline.duck import quoted
from pipeline.durable import whole_folder, write_json
from pipeline.forgotten import mark
from pipeline.leftovers import discard

Format = Literal["parquet", "csv", "ndjson", "labels"]

_MANIFEST = "manifest.json"
_BOM = b"\xef\xbb\xbf"
_ROWS_PER_GROUP = 100_000


class UnknownExportError(ValueError):
    """There is no export of that id."""


class UnknownFieldError(ValueError):
    """An export is asked for a field that the list does not have."""


class ExportSpec(BaseModel):
    """What is to be exported of a list.

    Examples
    --------
    >>> ExportSpec(format="csv", fields=("rank", "email")).reaches_people
    True
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"format": "parquet"},
                {"format": "csv", "fields": ["rank", "customer_id", "email"], "bom": True},
                {"format": "labels"},
            ]
        },
    )

    format: Format = Field(description="`labels` is CSV for the post, with checked codes.")
    fields: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="Columns, in this order; all of the list but its reasons if left out. "
        f"Beside its own: {', '.join((*BESIDE, *CONTACT))}.",
    )
    bom: bool = Field(
        default=False, description="Whether CSV begins with a byte order mark, as Excel likes it."
    )

    @property
    def reaches_people(self) -> bool:
        """Whether it holds columns that reach a person."""
        return self.format == "labels" or bool({*(self.fields or ())} & {*CONTACT})


class ExportFile(BaseModel):
    """One file of an export."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Export(BaseModel):
    """The manifest of an export.

    Attributes
    ----------
    id, list_id : str
        Which export of which list.
    spec : ExportSpec
        What was asked for.
    created_at : datetime
        When permissions were read.
    members : int
        How many were frozen.
    rows : int
        How many of them are exported.
    removed : dict of str to int
        How many are not, by what changed since the list was built.
    without_label : dict of str to int
        How many of the rest have no label, by what is wrong with their address.
    files : tuple of ExportFile
        Members first.
    pseudonymous : bool
        Whether pseudonyms stand for the ids of customers.
    """

    id: str
    list_id: str
    spec: ExportSpec
    created_at: datetime
    members: int
    rows: int
    removed: dict[str, int]
    without_label: dict[str, int]
    files: tuple[ExportFile, ...]
    pseudonymous: bool = False

    @property
    def names_people(self) -> bool:
        """Whether it holds ids of customers, or columns that reach them."""
        fields = self.spec.fields
        with_ids = fields is None or "customer_id" in fields
        return self.spec.reaches_people or (with_ids and not self.pseudonymous)

    def document(self) -> dict[str, Any]:
        """Return it as command line and HTTP answer it."""
        spec = self.spec.model_dump(mode="json", exclude_unset=True)
        return {**self.model_dump(mode="json"), "spec": spec}


def export_folder(artifacts: Path, list_id: str, export_id: str) -> Path:
    """Return where an export lies."""
    return members_path(artifacts, list_id).parent / "exports" / export_id


def check_fields(artifacts: Path, found: TargetList, spec: ExportSpec) -> list[str]:
    """Return the fields of an export, in order.

    Raises
    ------
    UnknownFieldError
        If the list does not have one, or one occurs twice.
    """
    own = _own_columns(artifacts, found)
    if spec.format == "labels":
        if spec.fields is not None:
            raise UnknownFieldError("labels have fields of their own. Leave `fields` out.")
        return list(LABEL)
    if spec.fields is None:
        return [name for name in own if name != REASONS]
    there_are = (*own, *BESIDE, *CONTACT)
    for number, name in enumerate(spec.fields):
        if name not in there_are or name in spec.fields[:number]:
            raise UnknownFieldError(
                f"field {number + 1} is not there, or is named twice. There are: "
                f"{', '.join(there_are)}."
            )
    return list(spec.fields)


def write_export(
    found: TargetList,
    spec: ExportSpec,
    *,
    artifacts: Path,
    state: Engine,
    at: datetime,
    identity: str,
    pseudonyms: Pseudonyms | None = None,
    told: Callable[[float], None] = lambda _share: None,
) -> Export:
    """Write the members of a list who may still be contacted, whole or not at all.

    Parameters
    ----------
    found : TargetList
        The list.
    spec : ExportSpec
        What is asked for.
    artifacts, state : Path, Engine
        Where members lie, and permissions are read from, as they are now.
    at : datetime
        Now, with its zone.
    identity : str
        The id of the export.
    pseudonyms : Pseudonyms, optional
        What to write in place of ids of customers.
    told : callable
        Told what share is done.

    Raises
    ------
    UnknownFieldError
        If a field is none of the list.
    DamagedListError
        If the members are not those that were frozen.
    NoCustomersError
        If addresses are asked for, and the table of customers is gone.
    """
    before = mark(artifacts)
    fields = check_fields(artifacts, found, spec)
    wanted = ["rank", "customer_id", *fields]
    rows = whole_members(artifacts, found.id, found.members, wanted)
    told(0.1)
    allowed = still_allowed(
        ListSpec.model_validate(found.spec),
        rows["customer_id"].combine_chunks(),
        artifacts=artifacts,
        state=state,
        at=at,
    )
    kept = rows.filter(pa.array(allowed.may))
    told(0.3)
    own = rows.column_names
    kept = with_columns(artifacts, kept, [name for name in fields if name not in own])
    without = None
    if spec.format == "labels":
        kept, without = labels(kept)
    if pseudonyms is not None:
        kept = pseudonyms.rows(kept)
    told(0.4)
    with whole_folder(export_folder(artifacts, found.id, identity)) as draft:
        files = [_write(draft, spec, kept.select(fields))]
        if without is not None:
            files.append(_write_csv(draft / "without_label.csv", without, bom=spec.bom))
        told(0.9)
        export = Export(
            id=identity,
            list_id=found.id,
            spec=spec,
            created_at=at,
            members=found.ledger.selected,
            rows=len(kept),
            removed=allowed.removed | forgotten_since(found, len(rows)),
            without_label=_counts(without),
            files=tuple(files),
            pseudonymous=pseudonyms is not None,
        )
        write_json(draft / _MANIFEST, export.document())
    if mark(artifacts) != before:
        # Somebody was forgotten meanwhile, who may be in it.
        discard(export_folder(artifacts, found.id, identity))
        return write_export(
            find_list(state, found.id),
            spec,
            artifacts=artifacts,
            state=state,
            at=at,
            identity=identity,
            told=told,
        )
    emit(state, "export.ready", _ready(export), at, once=identity)
    return export


def forgotten_since(found: TargetList, members: int) -> dict[str, int]:
    """Return how many of those frozen were forgotten since, as a reason to be left out."""
    gone = found.ledger.selected - members
    return {"forgotten": gone} if gone else {}


def _ready(export: Export) -> dict[str, Any]:
    """Return what is told of an export that is ready."""
    return {
        "export_id": export.id,
        "list_id": export.list_id,
        "format": export.spec.format,
        "link": f"/v1/lists/{export.list_id}/exports/{export.id}",
    }


def read_export(artifacts: Path, list_id: str, export_id: str) -> Export:
    """Return the manifest of an export.

    Raises
    ------
    UnknownExportError
        If there is none of that id, or it is not finished.
    """
    known = export_id.removeprefix("export_").isalnum() and export_id.startswith("export_")
    path = export_folder(artifacts, list_id, export_id) / _MANIFEST
    if not known or not path.exists():
        raise UnknownExportError(
            "the list has no export of this id. Use the location of the job that makes it."
        )
    return Export.model_validate(json.loads(path.read_text(encoding="utf-8")))


def list_exports(artifacts: Path, list_id: str, *, limit: int) -> list[Export]:
    """Return the finished exports of a list, newest first."""
    folders = export_folder(artifacts, list_id, "any").parent.glob("export_*")
    made = [read_export(artifacts, list_id, folder.name) for folder in folders]
    return sorted(made, key=lambda one: (one.created_at, one.id), reverse=True)[:limit]


def _own_columns(artifacts: Path, found: TargetList) -> list[str]:
    try:
        return list(pq.read_schema(members_path(artifacts, found.id)).names)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(found) from error


def _damaged(found: TargetList) -> DamagedListError:
    return DamagedListError(
        f"the members of list {found.id} are missing or not those that were frozen. Restore "
        "members.parquet from a backup."
    )


def _write(folder: Path, spec: ExportSpec, rows: pa.Table) -> ExportFile:
    if spec.format == "parquet":
        path = folder / "members.parquet"
        pq.write_table(rows, path, row_group_size=_ROWS_PER_GROUP, compression="zstd")
        return _described(path, len(rows))
    if spec.format == "ndjson":
        path = folder / "members.ndjson"
        with duckdb.connect() as connection:
            connection.register("rows", rows)
            connection.execute(f"COPY (FROM rows) TO {quoted(path)} (FORMAT json)")
        return _described(path, len(rows))
    name = "labels.csv" if spec.format == "labels" else "members.csv"
    return _write_csv(folder / name, rows, bom=spec.bom)


def _write_csv(path: Path, rows: pa.Table, *, bom: bool) -> ExportFile:
    with path.open("wb") as file:
        if bom:
            file.write(_BOM)
        pa_csv.write_csv(neutral_columns(flat(rows)), file)
    return _described(path, len(rows))


def _described(path: Path, rows: int) -> ExportFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportFile(name=path.name, rows=rows, bytes=path.stat().st_size, sha256=digest)


def _counts(without: pa.Table | None) -> dict[str, int]:
    if without is None:
        return {}
    found = without["problem"].value_counts().to_pylist()
    return {one["values"]: one["counts"] for one in found}
