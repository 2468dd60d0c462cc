"""/v1/lists/{id}/exports: the members of a list as files, less who may not be contacted."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, Field

from campaigns.exports import (
    Export,
    ExportFile,
    ExportSpec,
    UnknownExportError,
    UnknownFieldError,
    check_fields,
    export_folder,
    list_exports,
    read_export,
)
from campaigns.keys import Key
from campaigns.members import DamagedListError
from campaigns.target_list import UnknownListError, find_list
from serving.access import ForbiddenError, allowed
from serving.audit_log import audited
from serving.documentation import documented
from serving.idempotency import idempotent
from serving.jobs import ACCEPTED, accepted, queue, waited_for
from serving.json_bytes import json_bytes
from serving.kept_answers import InProgressError, ReusedKeyError
from serving.names import Naming
from serving.preference import Preferred
from serving.problems import refuse_kept
from serving.resources import Resources, resources

router = APIRouter(prefix="/v1/lists", tags=["lists"])

#: What it takes to see how a person is reached.
OF_PEOPLE = "members:pii"

_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".ndjson": "application/x-ndjson",
    ".csv": "text/csv; charset=utf-8",
}


class ExportDocument(BaseModel):
    """A finished export; each file lies at `files/NAME` below it."""

    id: str
    list_id: str
    spec: ExportSpec
    created_at: str
    members: int = Field(description="How many were frozen.")
    rows: int = Field(description="How many of them are exported.")
    removed: dict[str, int] = Field(
        description="How many are not, as they were suppressed, withdrew or were contacted since."
    )
    without_label: dict[str, int] = Field(
        description="How many of the rest cannot be mailed; who, is in `without_label.csv`."
    )
    files: list[ExportFile]
    pseudonymous: bool = Field(description="Whether pseudonyms stand for ids of customers.")


class ExportsDocument(BaseModel):
    """The newest exports of a list."""

    list_id: str
    exports: list[ExportDocument]


_EXAMPLE: dict[str, Any] = {
    "id": "export_5f0c9a4be1d27c3388aa",
    "list_id": "list_5f0c9a4be1d27c3388aa",
    "spec": {"format": "labels"},
    "created_at": "2026-03-02T09:00:00+00:00",
    "members": 1000,
    "rows": 985,
    "removed": {"no_consent": 3, "suppressed": 1},
    "without_label": {"missing_code": 7, "malformed_code": 4},
    "files": [
        {
            "name": "labels.csv",
            "rows": 985,
            "bytes": 81204,
            "sha256": "9b74c9897bac770ffc029102a200c5de2d2f36c2f0a3f1d5e9d1c6c2a3b4c5d6",
        }
    ],
    "pseudonymous": False,
}
_ANSWER = {"model": ExportDocument, "content": {"application/json": {"example": _EXAMPLE}}}


@router.post(
    "/{list_id}/exports",
    summary="Export the members of a list",
    status_code=202,
    response_class=Response,
    dependencies=[allowed("lists:read"), idempotent],
    responses={
        **ACCEPTED,
        201: {**_ANSWER, "description": "Made while the caller waited."},
        **documented(
            UnknownListError,
            UnknownFieldError,
            DamagedListError,
            InProgressError,
            ReusedKeyError,
        ),
    },
)
async def export(
    *,
    list_id: str,
    spec: ExportSpec,
    request: Request,
    preference: Preferred,
    names: Naming,
    shared: Annotated[Resources, Depends(resources)],
) -> Response:
    """Write members to a file, as a job; with `Prefer: wait=N`, wait for it.

    Consents, suppressions and contacts are read again: who may not be contacted any more is
    left out and counted. Who was held out as control is never exported. Columns that reach a
    person, and labels, take the scope `members:pii`; without it, pseudonyms stand for ids.
    """
    if spec.reaches_people:
        _require_pii(request)
    found = await run_in_threadpool(find_list, shared.state, list_id)
    await run_in_threadpool(check_fields, shared.artifacts, found, spec)
    wanted = {
        "list_id": list_id,
        "spec": spec.model_dump(mode="json", exclude_unset=True),
        "pseudonymous": names.pseudonymous,
    }
    job = await run_in_threadpool(queue, request, shared, "export", wanted)
    job = await waited_for(shared, job, preference)
    if job.problem is not None:
        return refuse_kept(request, job.problem)
    if job.location is None:
        return accepted(job)
    made = await run_in_threadpool(
        read_export, shared.artifacts, list_id, job.location.rpartition("/")[2]
    )
    return _answer(made, status=201, headers={"Location": job.location})


@router.get(
    "/{list_id}/exports",
    summary="See what was exported of a list",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={
        200: {
            "model": ExportsDocument,
            "content": {
                "application/json": {
                    "example": {"list_id": _EXAMPLE["list_id"], "exports": [_EXAMPLE]}
                }
            },
        },
        **documented(UnknownListError),
    },
)
def index(
    list_id: str,
    shared: Annotated[Resources, Depends(resources)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Show finished exports, newest first."""
    find_list(shared.state, list_id)
    made = list_exports(shared.artifacts, list_id, limit=limit)
    document = {"list_id": list_id, "exports": [one.document() for one in made]}
    return Response(json_bytes(document), media_type="application/json")


@router.get(
    "/{list_id}/exports/{export_id}",
    summary="Look at an export",
    response_class=Response,
    dependencies=[allowed("lists:read")],
    responses={200: _ANSWER, **documented(UnknownListError, UnknownExportError)},
)
def show(
    list_id: str, export_id: str, shared: Annotated[Resources, Depends(resources)]
) -> Response:
    """How many were exported and how many were not, why, and the checksums of the files."""
    find_list(shared.state, list_id)
    return _answer(read_export(shared.artifacts, list_id, export_id))


@router.get(
    "/{list_id}/exports/{export_id}/files/{name}",
    summary="Download a file of an export",
    response_class=FileResponse,
    dependencies=[allowed("lists:read")],
    responses={
        200: {
            "description": "The file.",
            "content": {
                media_type: {"schema": {"type": "string"}, "examples": {"file": {"value": value}}}
                for media_type, value in (
                    ("text/csv", "rank,customer_id\n1,c-01842\n"),
                    ("application/x-ndjson", '{"rank":1,"customer_id":"c-01842"}\n'),
                    ("application/vnd.apache.parquet", "PAR1..."),
                )
            },
        },
        **documented(UnknownListError, UnknownExportError),
    },
)
def download(
    list_id: str,
    export_id: str,
    name: str,
    request: Request,
    shared: Annotated[Resources, Depends(resources)],
) -> FileResponse:
    """Send a file as it was written; ranges may be asked for."""
    found = find_list(shared.state, list_id)
    made = read_export(shared.artifacts, list_id, export_id)
    if made.names_people:
        _require_pii(request)
    file = next((file for file in made.files if file.name == name), None)
    if file is None:
        raise UnknownExportError("the export has no such file. Its manifest names them.")
    audited(
        request,
        list_id=list_id,
        about=f"{export_id}/{name}",
        rows=file.rows,
        fields=check_fields(shared.artifacts, found, made.spec),
        pseudonymous=made.pseudonymous,
    )
    path = export_folder(shared.artifacts, list_id, export_id) / name
    return FileResponse(path, media_type=_TYPES[path.suffix], filename=f"{list_id}-{name}")


def _require_pii(request: Request) -> None:
    key: Key = request.state.key
    if not key.allows(OF_PEOPLE):
        raise ForbiddenError(f"this takes the scope {OF_PEOPLE}, which the key does not have.")


def _answer(made: Export, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        json_bytes(made.document()),
        status_code=status,
        headers=headers or {},
        media_type="application/json",
    )
