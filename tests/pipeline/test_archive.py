"""An archive gives back exactly what it was made of, or is refused."""

import io
import tarfile
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.archive import (
    DamagedArchiveError,
    ForeignArchiveError,
    Packed,
    pack,
    unpack,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONTENTS = {"params.yaml": b"currency: TWD\n", "artifacts/scores/a": bytes(range(256)) * 9}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    for name, content in CONTENTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    files = [Packed(name, folder / name) for name in CONTENTS]
    pack(folder / "a.tar", files, artifacts=folder / "artifacts", created_at=NOON)
    return folder / "a.tar"


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_unpacked_is_what_was_packed(archive, tmp_path):
    manifest = unpack(archive, tmp_path)
    assert contents(tmp_path) == CONTENTS
    assert [file.name for file in manifest.files] == list(CONTENTS)
    assert manifest.created_at == NOON


def test_only_its_owner_may_read_an_archive(archive):
    assert archive.stat().st_mode & 0o777 == 0o600


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_changed_byte_ever_changes_what_is_unpacked(archive, tmp_path_factory, data):
    whole = archive.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    folder = tmp_path_factory.mktemp("changed")
    (folder / "changed.tar").write_bytes(changed)
    try:
        unpack(folder / "changed.tar", folder / "to")
    except (DamagedArchiveError, ForeignArchiveError):
        return
    assert contents(folder / "to") == CONTENTS


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_an_archive_that_was_cut_is_refused(archive, tmp_path, share):
    whole = archive.read_bytes().rstrip(b"\0")  # tar fills its last block up
    (tmp_path / "cut.tar").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises((DamagedArchiveError, ForeignArchiveError), match=r"cut\.tar"):
        unpack(tmp_path / "cut.tar", tmp_path / "to")


def foreign(path, **members):
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_the_archive_of_another_program_is_foreign(tmp_path):
    other = foreign(tmp_path / "other.tar", **{"manifest.json": b'{"name": "npm"}'})
    with pytest.raises(ForeignArchiveError, match="is no backup"):
        unpack(other, tmp_path / "to")


def test_a_file_that_is_no_archive_is_foreign(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8" * 2000)
    with pytest.raises(ForeignArchiveError, match="is no backup of Shortlist"):
        unpack(tmp_path / "photo.jpg", tmp_path / "to")


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_nothing_is_written_outside_of_the_folder(tmp_path, name):
    harmful = foreign(tmp_path / "harmful.tar", **{name: b"mine"})
    with pytest.raises(DamagedArchiveError, match="which no backup has"):
        unpack(harmful, tmp_path / "to" / "deep")
    assert not list(tmp_path.rglob("outside"))
