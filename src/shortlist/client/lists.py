"""Lists: built, looked at, read and exported."""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from shortlist.client.answers import (
    ExportDocument,
    ExportFile,
    ListDocument,
    Member,
    PreviewDocument,
)
from shortlist.client.errors import DamagedDownloadError, ShortlistError
from shortlist.client.jobs import Jobs
from shortlist.client.transport import Transport

ExportFormat = Literal["parquet", "csv", "ndjson", "labels"]

#: So long the service is asked to wait before it answers with a job, in seconds.
_PREFER_S = 20
_ACCEPTED = 202


class Lists:
    """Target lists."""

    def __init__(self, transport: Transport, jobs: Jobs) -> None:
        self._transport = transport
        self._jobs = jobs

    def create(self, spec: Mapping[str, Any], *, wait_s: float = 600.0) -> ListDocument:
        """Build a list and wait for it; the same request on the same release is the same list.

        Parameters
        ----------
        spec : mapping
            The request, as docs/lists.md describes it.
        wait_s : float
            How long to wait if it becomes a job, in seconds.

        Raises
        ------
        InvalidRequestError, JobFailedError
            If the list cannot be built; `detail` says why.
        NotFinishedError
            If it is not ready in time.
        """
        made: ListDocument = self._made("/v1/lists", spec, wait_s)
        return made

    def preview(self, spec: Mapping[str, Any]) -> PreviewDocument:
        """Return how many would be on a list, without building it."""
        found: PreviewDocument = self._transport.post("/v1/lists:preview", dict(spec))
        return found

    def get(self, list_id: str) -> ListDocument:
        """Return where a list came from, and who was left out."""
        found: ListDocument = self._transport.get(_path(list_id))
        return found

    def all(
        self, *, campaign: str | None = None, model: str | None = None
    ) -> Iterator[ListDocument]:
        """Yield lists, the newest first."""
        for page in self._pages("/v1/lists", campaign=campaign, model=model):
            yield from page["lists"]

    def members(
        self, list_id: str, *, reasons: bool = False, page_size: int = 1000
    ) -> Iterator[Member]:
        """Yield the members in rank order, each once, a page at a time."""
        path = f"{_path(list_id)}/members"
        asked = {"reasons": "true"} if reasons else {}
        for page in self._pages(path, limit=page_size, **asked):
            yield from page["members"]

    def export(
        self,
        list_id: str,
        to: Path | str,
        *,
        format: ExportFormat = "csv",  # noqa: A002  # the field's name in the interface
        fields: Sequence[str] | None = None,
        bom: bool = False,
        wait_s: float = 600.0,
    ) -> ExportDocument:
        """Export the members who may still be contacted, and write the file.

        Parameters
        ----------
        list_id : str
            The list.
        to : path
            The file to write: whole, or not at all; what was there before is replaced.
        format : str
            parquet, csv, ndjson or labels.
        fields : sequence of str, optional
            The columns; those of the list if left out.
        bom : bool
            Whether a CSV begins with a mark that some spreadsheets need.
        wait_s : float
            How long to wait for the job, in seconds.

        Raises
        ------
        DamagedDownloadError
            If what arrived is not what was written.
        """
        spec: dict[str, Any] = {"format": format, **({"bom": True} if bom else {})}
        if fields is not None:
            spec["fields"] = list(fields)
        made: ExportDocument = self._made(f"{_path(list_id)}/exports", spec, wait_s)
        self.download(list_id, made["id"], made["files"][0], to)
        return made

    def download(self, list_id: str, export_id: str, file: ExportFile, to: Path | str) -> None:
        """Write a file of an export: whole, checked against its checksum, or not at all."""
        name = quote(file["name"], safe="")
        path = f"{_path(list_id)}/exports/{quote(export_id, safe='')}/files/{name}"
        target = Path(to).absolute()
        for wait in self._transport.attempts():
            try:
                self._write(path, file, target)
            except ShortlistError as error:
                wait(error)
            else:
                return

    def _write(self, path: str, file: ExportFile, target: Path) -> None:
        handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            digest = hashlib.sha256()
            with os.fdopen(handle, "wb") as output:
                with self._transport.stream(path) as answer:
                    for piece in answer.iter_bytes():
                        digest.update(piece)
                        output.write(piece)
                _require(digest.hexdigest() == file["sha256"], file["name"])
                output.flush()
                os.fsync(output.fileno())
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def _made(self, path: str, spec: Mapping[str, Any], wait_s: float) -> Any:
        """Ask for what may become a job; return what was made."""
        prefer = {"Prefer": f"wait={min(int(wait_s), _PREFER_S)}"}
        answer = self._transport.request("POST", path, headers=prefer, json=dict(spec))
        if answer.status_code != _ACCEPTED:
            return answer.json()
        return self._transport.get(self._jobs.wait(answer.json()["id"], wait_s=wait_s))

    def _pages(self, path: str, **asked: Any) -> Iterator[Any]:
        cursor = None
        while True:
            page = self._transport.get(path, cursor=cursor, **asked)
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return


def _require(same: bool, name: str) -> None:  # noqa: FBT001  # it reads as a sentence
    if not same:
        raise DamagedDownloadError(
            f"{name} did not arrive as it was written, and was not kept. Download it again."
        )


def _path(list_id: str) -> str:
    return f"/v1/lists/{quote(list_id, safe='')}"
