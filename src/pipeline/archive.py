"""One file that holds many, and proves that it holds them unchanged.

An archive is a tar file whose last member, `manifest.json`, lists every other with its size
and SHA-256. An archive that was cut has no manifest and is refused.
"""

import hashlib
import io
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from pipeline.durable import whole_file

MANIFEST = "manifest.json"

#: Nobody's manifest is longer; a longer one is no manifest.
_MANIFEST_BYTES = 256 * 2**20


class DamagedArchiveError(ValueError):
    """An archive does not hold what it was made with."""


class ForeignArchiveError(ValueError):
    """A file is no archive of ours."""


class Packed(NamedTuple):
    """A file to put into an archive: under which name, and where its bytes are."""

    name: str
    path: Path


class ArchivedFile(BaseModel):
    """A file in an archive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What an archive holds.

    Attributes
    ----------
    format : str
        Tells an archive of ours from any other tar file.
    created_at : datetime
        When it was made.
    artifacts : str
        Where the artefacts lay, absolute: MLflow remembers places.
    files : tuple of ArchivedFile
        Every file, in the order in which they are stored.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["shortlist-backup-1"] = "shortlist-backup-1"
    created_at: AwareDatetime
    artifacts: str
    files: tuple[ArchivedFile, ...]


def pack(
    to: Path, files: Iterable[Packed], *, artifacts: Path, created_at: AwareDatetime
) -> Manifest:
    """Write an archive whole, readable by its owner alone; it holds customers' data."""
    with whole_file(to) as draft:
        draft.touch(mode=0o600)
        with tarfile.open(draft, "w") as tar:
            kept = tuple(_add(tar, one) for one in files)
            manifest = Manifest(created_at=created_at, artifacts=str(artifacts), files=kept)
            content = manifest.model_dump_json(indent=1).encode()
            info = tarfile.TarInfo(MANIFEST)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return manifest


def unpack(archive: Path, to: Path) -> Manifest:
    """Unpack an archive into an empty folder, checking every byte.

    Raises
    ------
    ForeignArchiveError
        If the file is missing or no archive of ours.
    DamagedArchiveError
        If a file in it is missing, changed, or not listed.
    """
    if not archive.is_file():
        raise ForeignArchiveError(f"{archive} does not exist. Name a file of `shortlist backup`.")
    found: list[ArchivedFile] = []
    manifest: Manifest | None = None
    try:
        with tarfile.open(archive, "r:") as tar:
            for member in tar:
                if manifest is not None:
                    raise _damaged(archive, "something follows its manifest")
                content = tar.extractfile(member)
                if content is None:
                    raise _damaged(archive, "it holds something that is no file")
                if member.name == MANIFEST:
                    manifest = Manifest.model_validate_json(content.read(_MANIFEST_BYTES))
                else:
                    found.append(_extract(content, member, to))
    except ValidationError as error:
        raise ForeignArchiveError(
            f"{archive} is no backup that this version of Shortlist can read."
        ) from error
    except (tarfile.TarError, EOFError, OverflowError) as error:
        raise (_damaged if found else _foreign)(archive, "it is cut or garbled") from error
    if manifest is None:
        raise (_damaged if found else _foreign)(archive, "it ends before its manifest")
    if tuple(found) != manifest.files:
        raise _damaged(archive, "its files are not those that its manifest lists")
    return manifest


def _add(tar: tarfile.TarFile, one: Packed) -> ArchivedFile:
    with one.path.open("rb") as file:
        info = tar.gettarinfo(arcname=one.name, fileobj=file)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        hashed = _Hashed(file)
        tar.addfile(info, hashed)
    return ArchivedFile(name=one.name, bytes=info.size, sha256=hashed.sha256)


def _extract(content: IO[bytes], member: tarfile.TarInfo, to: Path) -> ArchivedFile:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or not member.isreg():
        raise DamagedArchiveError(f"the archive holds {member.name!r}, which no backup has.")
    path = to / name
    path.parent.mkdir(parents=True, exist_ok=True)
    hashed = _Hashed(content)
    with path.open("xb") as file:
        shutil.copyfileobj(hashed, file, 2**20)
    path.chmod(member.mode & 0o700 | 0o600)
    return ArchivedFile(name=member.name, bytes=path.stat().st_size, sha256=hashed.sha256)


class _Hashed:
    """Reads a file and digests what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        content = self._file.read(size)
        self._digest.update(content)
        return content

    @property
    def sha256(self) -> str:
        """Return the digest of what was read so far."""
        return self._digest.hexdigest()


def _damaged(archive: Path, found: str) -> DamagedArchiveError:
    return DamagedArchiveError(f"{archive} is damaged: {found}. Use another backup.")


def _foreign(archive: Path, found: Any) -> ForeignArchiveError:
    return ForeignArchiveError(
        f"{archive} is no backup of Shortlist: {found}. Name a file of `shortlist backup`."
    )
