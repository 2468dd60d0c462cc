"""Who is forgotten is named in no byte that is kept, and comes back by no way."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow.parquet as pq
import pytest
from killed import KILLABLE
from leftover import leftovers_of
from planted import planted
from scored import MODEL, NOBODY_HELD_OUT, NOON
from service import running
from sqlalchemy import select

from campaigns.building import Occasion, build_list
from campaigns.choosing import Step
from campaigns.desk import Desk
from campaigns.exports import ExportSpec, write_export
from campaigns.forget.forgetting import forget
from campaigns.forget.lists import erasures_of
from campaigns.list_spec import ListSpec
from campaigns.loop.reports import CONTACTS, receive
from campaigns.members import members_path, read_members, whole_members
from campaigns.state.database import connect, state_url, upgrade_state
from campaigns.state.tables import Base
from campaigns.target_list import find_list
from campaigns.trace.trace import trace
from pipeline.alone import BusyError, alone
from pipeline.forget.stores import JOURNAL
from pipeline.forgotten import read_forgotten
from pipeline.ingest import ingest
from pipeline.inspection import inspect
from pipeline.release import read_release
from pipeline.score_set import read_score_set, verify_score_set

AT = datetime(2026, 4, 1, tzinfo=UTC)


@contextmanager
def opened(folder, database=None):
    state = connect(state_url(folder / "artifacts", database))
    upgrade_state(state)
    yield state
    state.dispose()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A project that names the person everywhere, with SQLite, and who it is."""
    folder = tmp_path_factory.mktemp("planted")
    with opened(folder) as state:
        found, person = planted(folder, state)
    return folder, found, person


@pytest.fixture
def project(saved, tmp_path):
    folder, found, person = saved
    shutil.copytree(folder, tmp_path / "project")
    return tmp_path / "project", found, person


def named_in(folder, person):
    return sorted({str(path.relative_to(folder)) for path in leftovers_of(person, folder)})


def rows_of(state):
    with state.connect() as connection:
        return str([connection.execute(select(one)).all() for one in Base.metadata.sorted_tables])


def test_every_store_names_the_person_before_and_none_afterwards(database, tmp_path):
    with opened(tmp_path, database) as state:
        _, person = planted(tmp_path, state)
        before = {path.split("/")[1] for path in named_in(tmp_path, person)}
        assert person in rows_of(state)
        assert before >= {
            "cache", "evaluations", "ingested", "lists", "lookups", "mlflow", "quarantine",
            "run.log", "scores", "snapshots", "tables",
        }  # fmt: skip
        (report,) = forget(tmp_path, state, [person], at=AT)
        assert person not in rows_of(state)
    assert named_in(tmp_path, person) == []
    assert report.removed["state: contact_events"] == 1
    assert report.removed["lists: members.parquet"] == 1
    assert report.removed["dvc cache"] == 1
    assert [*(tmp_path / "artifacts" / "erasures").glob("*.json")]


def test_counts_and_ranks_of_a_frozen_list_stay_and_its_digest_is_explained(project):
    folder, found, person = project
    before = pd.read_parquet(members_path(folder / "artifacts", found.id))
    with opened(folder) as state:
        forget(folder, state, [person], at=AT)
        now = find_list(state, found.id)
        assert now.ledger == found.ledger
        after = pd.read_parquet(members_path(folder / "artifacts", found.id))
        blank = before["customer_id"] == person
        assert after["rank"].tolist() == before["rank"].tolist()
        pd.testing.assert_frame_equal(after[~blank], before[~blank])
        assert after[blank].drop(columns="rank").isna().all(axis=None)
        (noted,) = erasures_of(folder / "artifacts", found.id)
        assert noted["before"]["members.parquet"] == found.members.sha256
        assert noted["after"]["members.parquet"] == now.members.sha256
        rows = whole_members(folder / "artifacts", now.id, now.members, ["rank", "customer_id"])
        assert len(rows) == found.ledger.selected - 1
        someone = after["customer_id"].iloc[20]
        figures = {one.name: one for one in trace(folder, state, found.id, someone).figures}
        assert (figures["rank"].again, figures["score"].agrees) == (21, True)


def test_the_next_revision_of_a_score_set_is_whole_and_has_one_customer_less(project):
    folder, found, person = project
    artifacts = folder / "artifacts"
    before = read_score_set(artifacts, MODEL, found.score_set)
    with opened(folder) as state:
        forget(folder, state, [person], at=AT)
    now = read_score_set(artifacts, MODEL, found.score_set)
    verify_score_set(artifacts, now)
    assert now.rows == now.customers == before.rows - 1
    assert now.base == before.base - 1
    assert (before.revision, now.revision) == (1, 2)
    assert read_release(artifacts).models.keys() == {MODEL}


def test_an_export_says_how_many_were_forgotten(project):
    folder, found, person = project
    with opened(folder) as state:
        forget(folder, state, [person], at=AT)
        made = write_export(
            find_list(state, found.id),
            ExportSpec(format="csv"),
            artifacts=folder / "artifacts",
            state=state,
            at=AT,
            identity="export_b",
        )
    assert (made.members, made.rows) == (60, 59)
    assert made.removed == {"forgotten": 1}


def test_to_forget_again_finds_nothing_and_many_go_in_one_pass(project):
    folder, _, person = project
    with opened(folder) as state:
        (counted,) = forget(folder, state, [person, "person-00001"], at=AT, dry_run=True)
        assert named_in(folder, person)
        (report,) = forget(folder, state, [person, "person-00001", "a stranger"], at=AT)
        assert report.removed == counted.removed
        (again,) = forget(folder, state, [person, "person-00001"], at=AT)
    assert (report.persons, again.removed) == (3, {})
    assert named_in(folder, person) == named_in(folder, "person-00001") == []


def test_an_id_that_begins_another_takes_nothing_of_it_along(project):
    folder, _, _ = project
    with opened(folder) as state:
        (report,) = forget(folder, state, ["person-0000"], at=AT)
    assert report.removed == {}
    assert named_in(folder, "person-00001")


def test_nobody_is_forgotten_while_a_run_is_under_way(project):
    folder, _, person = project
    with alone(folder / "artifacts"), pytest.raises(BusyError):
        forget(folder, None, [person], at=AT)
    assert named_in(folder, person)


def killed(folder, person, moment):
    path = os.pathsep.join([str(KILLABLE), *filter(None, [os.environ.get("PYTHONPATH")])])
    ended = subprocess.run(
        [sys.executable, "-m", "shortlist", "--project", str(folder), "forget", person],
        env={**os.environ, "PYTHONPATH": path, "SHORTLIST_KILL_AT": moment},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    assert ended.returncode == -9, f"never came to {moment}:\n{ended.stderr}"


@pytest.mark.parametrize(
    "moment",
    [
        # The database is told of the new members, and is not sure of it yet.
        r"os.rename \S*forget-members.parquet",
        *(
            pytest.param(one, marks=pytest.mark.nightly)
            for one in (
                # The manifest names the new scores, which are not in their place yet.
                r"os.rename \S*forget-part-00000.parquet",
                r"os.rename \S*forgetting.json",
                r"os.rename \S*forgotten.json",
                r"os.rename \S*-manifest.json",
                r"os.rename \S*release.json",
                r"os.rename \S*-erasures.json",
                r"os.rename \S*forget-outcomes.parquet",
                r"os.rename \S*forget-assignments.parquet",
                r"os.remove \S*cdef",
                r"os.remove \S*forgetting.json",
            )
        ),
    ],
)
def test_killed_anywhere_it_is_finished_by_the_next_call(project, moment):
    folder, found, person = project
    killed(folder, person, moment)
    if (folder / "artifacts" / JOURNAL).exists():
        assert "shortlist forget" in [one.fix for one in inspect(folder)]
    with opened(folder) as state:
        reports = forget(folder, state, [], at=AT)
        now = find_list(state, found.id)
        whole_members(folder / "artifacts", now.id, now.members, ["rank"])
    assert len(reports) == (0 if "forgetting" in moment and "rename" in moment else 1)
    if reports:
        assert reports[0].removed["lists: members.parquet"] == 1
        assert named_in(folder, person) == []
        verify_score_set(
            folder / "artifacts", read_score_set(folder / "artifacts", MODEL, found.score_set)
        )
        assert len(erasures_of(folder / "artifacts", found.id)) == 1
        assert not (folder / "artifacts" / JOURNAL).exists()


def test_a_list_that_is_being_built_meanwhile_is_built_again_without_the_person(project):
    folder, found, person = project
    artifacts = folder / "artifacts"
    with opened(folder) as state, Desk(artifacts) as desk:
        times = []

        def left_out(_scores, population, _ranking):
            times.append(person in population.customers.to_pylist())
            if len(times) == 1:
                forget(folder, state, [person], at=AT)
            return Step("reminded", population.everybody)

        made = build_list(
            ListSpec(model=MODEL, size=50, **NOBODY_HELD_OUT),
            read_release(artifacts),
            desk=desk,
            state=state,
            at=NOON,
            occasion=Occasion("weekly", left_out),
        ).list
    assert times == [True, False]
    assert person not in pd.read_parquet(members_path(artifacts, made.id))["customer_id"].tolist()
    assert named_in(folder, person) == []
    assert {path.name for path in (artifacts / "lists").glob("[!.]*")} == {found.id, made.id}


def test_a_running_service_names_the_person_no_more(project):
    folder, found, person = project
    members, scores = f"/v1/lists/{found.id}/members", f"/v1/customers/{person}/scores"
    with running(folder / "artifacts") as service, service.with_key("admin") as client:
        before = client.get(members).json()
        assert person in [one["customer_id"] for one in before["members"]]
        assert client.get(scores).status_code == 200
        with opened(folder) as state:
            forget(folder, state, [person], at=AT)
        after = client.get(members).json()
        kept = [one for one in before["members"] if one["customer_id"] != person]
        assert after["members"] == kept
        first = client.get(members, params={"limit": 10}).json()
        assert [one["rank"] for one in first["members"]] == [*range(1, 10)]
        second = client.get(members, params={"limit": 10, "cursor": first["next_cursor"]}).json()
        assert [one["rank"] for one in second["members"]] == [*range(11, 21)]
        csv = client.get(members, headers={"Accept": "text/csv"})
        assert person not in csv.text
        assert client.get(scores).status_code == 404
        spec = {"model": MODEL, "size": 70}
        made = client.post("/v1/lists", json=spec)
        assert made.status_code == 201, made.text
        listed = client.get(f"{made.headers['Location']}/members").text
        assert person not in listed
        line = {"campaign_id": "c", "customer_id": person, "channel": "email", "status": "sent"}
        line["event_time"] = "2026-03-02T09:00:00+00:00"
        told = client.post(
            "/v1/contacts",
            content=json.dumps(line),
            headers={"Content-Type": "application/x-ndjson"},
        )
        assert (told.status_code, told.json()["changed"]) == (200, 0)
    assert named_in(folder, person) == []


def test_who_asked_before_the_database_was_told_reads_what_is_left(project):
    """The file is replaced first, so that for a moment the database describes the one before."""
    folder, found, person = project
    with opened(folder) as state:
        forget(folder, state, [person], at=AT)
    artifacts, as_asked_before = folder / "artifacts", found.members
    page = read_members(artifacts, found.id, as_asked_before, after=0, limit=100)
    whole = whole_members(artifacts, found.id, as_asked_before, ["rank"])
    assert page["customer_id"].null_count == 1
    assert len(whole) == len(page) - 1
    assert person not in whole["customer_id"].to_pylist()


def test_reports_about_the_person_are_taken_and_not_kept(project):
    folder, _, person = project
    with opened(folder) as state:
        forget(folder, state, [person], at=AT)
        line = {"campaign_id": "c", "customer_id": person, "channel": "email", "status": "sent"}
        lines = [json.dumps({**line, "customer_id": one, "event_time": "2026-03-02T09:00:00Z"})
                 for one in (person, "person-00002")]  # fmt: skip
        gone = read_forgotten(folder / "artifacts")
        told = receive(state, "\n".join(lines).encode(), CONTACTS, at=AT, forgotten=gone)
        assert (told.accepted, told.changed) == (2, 1)


@pytest.mark.parametrize("ids", [["13085", "130855"], [13085, 130855], [13085.0, 130855.0]])
def test_what_the_retailer_delivers_again_is_left_out_however_ids_are_written(tmp_path, ids):
    (tmp_path / "data").mkdir()
    rows = pd.DataFrame({"Customer_ID": ids, "joined_on": "2024-01-01"})
    rows.to_parquet(tmp_path / "data" / "customers.parquet")
    gone = read_forgotten(tmp_path).joined_by(["13085"], on=date(2026, 4, 1))
    ingest(str(tmp_path / "data"), tmp_path / "ingested", forgotten=gone)
    kept = pq.read_table(tmp_path / "ingested" / "customers.parquet")["customer_id"].to_pylist()
    assert kept == ids[1:]


def test_the_tombstones_hold_no_id_and_open_to_their_owner_alone(project):
    folder, _, person = project
    with opened(folder) as state:
        forget(folder, state, [person], at=AT)
    gone = folder / "artifacts" / "forgotten.json"
    assert person not in gone.read_text()
    assert gone.stat().st_mode & 0o077 == 0
    assert read_forgotten(folder / "artifacts").since(person) == AT.date()
    assert read_forgotten(folder / "artifacts").stamped("abc") != "abc"
