"""What lists refer to is known, and lists whose members are gone or changed are found."""

import pyarrow as pa
import pytest
from scored import MODEL, NOON, go_live, many

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.list_spec import ListSpec
from campaigns.members import freeze, members_path
from campaigns.upkeep import inspect_lists, members_without_a_list, used_score_sets
from pipeline.release import read_release


@pytest.fixture
def built(tmp_path, state):
    go_live(tmp_path, many(50))
    spec = ListSpec(model=MODEL, size=5)
    with Desk(tmp_path) as desk:
        return build_list(spec, read_release(tmp_path), desk=desk, state=state, at=NOON).list


def said(artifacts, state):
    return [f"{one.subject}: {one.found}" for one in inspect_lists(artifacts, state)]


def test_a_list_uses_the_score_set_that_it_was_built_from(state, built):
    assert used_score_sets(state) == {(MODEL, built.score_set)}


def test_a_whole_list_is_no_finding(tmp_path, state, built):
    assert members_path(tmp_path, built.id).exists()
    assert said(tmp_path, state) == []


def test_a_list_without_its_members_is_found(tmp_path, state, built):
    members_path(tmp_path, built.id).unlink()
    assert said(tmp_path, state) == [f"list {built.id}: its members are missing"]


def test_members_that_changed_are_found(tmp_path, state, built):
    path = members_path(tmp_path, built.id)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert said(tmp_path, state) == [f"list {built.id}: its members are not those that were frozen"]


@pytest.mark.usefixtures("built")
def test_members_whose_list_was_never_noted_are_garbage(tmp_path, state):
    freeze(members_path(tmp_path, "list_of_a_killed_process"), pa.table({"rank": [1]}))
    (piece,) = members_without_a_list(tmp_path, state)
    assert piece.path.name == "list_of_a_killed_process"
    assert piece.bytes == members_path(tmp_path, piece.path.name).stat().st_size
    assert said(tmp_path, state) == [
        "artifacts/lists/list_of_a_killed_process: holds members of no list"
    ]
