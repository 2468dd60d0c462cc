"""A full disk is told of as such, and leaves the old or the new whole thing."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from deliveries import deliver
from dvc.stage.exceptions import StageCmdFailedError

from pipeline.disk_full import NO_ROOM, is_disk_full
from pipeline.stage import run_stage

#: Each library writes more than there is room for; says whether that was understood.
WRITERS = """
import sqlite3
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.disk_full import is_disk_full

def by_python():
    Path("bytes").write_bytes(bytes(1_000_000))

def by_duckdb():
    duckdb.sql("copy (select random() from range(100000)) to 'rows.parquet'")

def by_pyarrow():
    pq.write_table(pa.table({"n": range(100_000)}), "numbers.parquet")

def by_sqlite():
    sqlite3.connect("state.db").execute("create table t as select zeroblob(1000000)")

for write in (by_python, by_duckdb, by_pyarrow, by_sqlite):
    try:
        write()
    except Exception as error:
        print(write.__name__, is_disk_full(error))
    for path in Path().glob("*"):
        path.unlink()
"""


def in_a_disk_of(kib, folder, command):
    """Run a command of the shell in a disk of that size, which only it sees, at `folder`."""
    folder.mkdir(exist_ok=True)
    place = shlex.quote(str(folder))
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare here")
    script = f"mount -t tmpfs -o size={kib}k tmpfs {place} && cd {place} && {command}"
    return subprocess.run(
        [unshare, "--map-root-user", "--mount", "sh", "-c", script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(autouse=True)
def mountable(tmp_path):
    if in_a_disk_of(100, tmp_path / "disk", "true").returncode:
        pytest.skip("no disk can be mounted here")


def test_each_library_that_finds_no_room_is_understood(tmp_path):
    (tmp_path / "writers.py").write_text(WRITERS)
    python = shlex.quote(sys.executable)
    ended = in_a_disk_of(64, tmp_path / "disk", f"{python} {shlex.quote(str(tmp_path))}/writers.py")
    assert ended.stdout.splitlines() == [
        "by_python True",
        "by_duckdb True",
        "by_pyarrow True",
        "by_sqlite True",
    ], ended.stderr


def test_another_error_of_the_system_is_no_full_disk(tmp_path):
    with pytest.raises(FileNotFoundError, check=lambda error: not is_disk_full(error)):
        (tmp_path / "nowhere").read_bytes()


def fill():
    with Path("/dev/full").open("w") as file:
        file.write("x")


def test_a_stage_without_room_ends_with_a_code_that_its_run_understands(tmp_path):
    with pytest.raises(SystemExit, check=lambda stop: stop.code == NO_ROOM):
        run_stage(fill, folder=tmp_path)
    assert is_disk_full(StageCmdFailedError("python -m pipeline.train", NO_ROOM))
    assert not is_disk_full(StageCmdFailedError("python -m pipeline.train", 1))


def test_a_validation_for_which_there_is_no_room_says_so_and_leaves_nothing(tmp_path):
    deliver(tmp_path / "shop")
    python, shop = shlex.quote(sys.executable), shlex.quote(str(tmp_path / "shop"))
    ended = in_a_disk_of(
        8,
        tmp_path / "disk",
        f"{python} -m shortlist validate {shop}; echo code $?; find . -type f",
    )
    assert ended.stdout.splitlines() == ["code 1"], ended.stderr
    assert "the disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr
