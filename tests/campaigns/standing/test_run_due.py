"""Standing lists: built when due, once, nobody reminded twice, whatever happens in between."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from scored import MODEL, NOBODY_HELD_OUT, NOON, go_live, many
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.desk import Desk
from campaigns.loop.reports import SUPPRESSIONS, receive
from campaigns.members import control_path, members_path
from campaigns.standing.requests import (
    InvalidStandingListError,
    StandingList,
    StandingListExistsError,
    UnknownStandingListError,
    add_standing_list,
    find_standing_list,
    read_standing_list,
    remove_standing_list,
    runs_of,
)
from campaigns.standing.run import run_due
from campaigns.state.database import open_state
from campaigns.state.tables import FrozenList, Reminded
from pipeline.release import read_release

SUNDAY = NOON.date()  # 2026-03-01
WEEKLY = {"every": "week", "on": "sunday"}


def standing(name="refill", *, when=None, again=None, spec=None):
    asked = {"model": MODEL, "size": 3, **NOBODY_HELD_OUT, **(spec or {})}
    document = {"name": name, "list": asked, "when": when or WEEKLY}
    if again is not None:
        document["remind_again_after_days"] = again
    return StandingList.model_validate(document)


def due(artifacts, state, today, *, at=NOON):
    with Desk(artifacts) as desk:
        return run_due(
            state, desk, read_release(artifacts), today=today, at=at, time_zone="Asia/Taipei"
        )


def members(artifacts, run):
    return pq.read_table(members_path(artifacts, run.list.id))["customer_id"].to_pylist()


def test_a_second_run_on_the_same_day_does_nothing(tmp_path, state):
    go_live(tmp_path, many(20))
    add_standing_list(state, standing(), at=NOON)
    (run,) = due(tmp_path, state, SUNDAY)
    assert (run.name, run.due_on, run.problem) == ("refill", SUNDAY, "")
    assert due(tmp_path, state, SUNDAY) == []
    assert due(tmp_path, state, SUNDAY + timedelta(days=6)) == []
    (kept,) = runs_of(state, "refill")
    assert (kept.list_id, kept.due_on) == (run.list.id, SUNDAY)


def test_nobody_is_reminded_twice_of_the_same(tmp_path, state):
    go_live(tmp_path, many(8))
    add_standing_list(state, standing(), at=NOON)
    runs = [due(tmp_path, state, SUNDAY + timedelta(weeks=week))[0] for week in range(4)]
    found = [members(tmp_path, run) for run in runs]
    assert found == [
        ["c00000", "c00001", "c00002"],
        ["c00003", "c00004", "c00005"],
        ["c00006", "c00007"],
        [],
    ]
    assert runs[1].list.ledger.excluded == {"reminded": 3, "below_cut_off": 2}
    assert runs[3].list.ledger.excluded == {"reminded": 8}


def test_after_the_days_that_were_asked_for_a_reminder_counts_no_more(tmp_path, state):
    go_live(tmp_path, many(8))
    add_standing_list(state, standing(again=14), at=NOON)
    found = [
        members(tmp_path, due(tmp_path, state, SUNDAY + timedelta(weeks=week))[0])[0]
        for week in range(3)
    ]
    assert found == ["c00000", "c00003", "c00000"]


def test_who_was_held_out_is_not_drawn_again_for_the_same(tmp_path, state):
    go_live(tmp_path, many(40))
    add_standing_list(state, standing(spec={"size": 10, "control_share": 0.5}), at=NOON)
    first, second = (due(tmp_path, state, SUNDAY + timedelta(weeks=week))[0] for week in (0, 1))
    held = set(pq.read_table(control_path(tmp_path, first.list.id))["customer_id"].to_pylist())
    assert held
    again = pq.read_table(control_path(tmp_path, second.list.id))["customer_id"].to_pylist()
    assert not held & {*members(tmp_path, second), *again}


def test_another_standing_list_is_another_cause(tmp_path, state):
    go_live(tmp_path, many(8))
    for name in ("refill", "thanks"):
        add_standing_list(state, standing(name), at=NOON)
    first, other = due(tmp_path, state, SUNDAY)
    assert members(tmp_path, first) == members(tmp_path, other)


def test_another_product_is_another_cause(tmp_path, state):
    rows = [
        {"customer_id": "ann", "product_id": "tea", "probability": 0.9},
        {"customer_id": "bob", "product_id": "tea", "probability": 0.8},
    ]
    go_live(tmp_path, rows, base=2, unit="pair")
    add_standing_list(state, standing(spec={"size": 2}), at=NOON)
    assert members(tmp_path, due(tmp_path, state, SUNDAY)[0]) == ["ann", "bob"]
    rows[0]["product_id"] = "coffee"
    go_live(tmp_path, rows, base=2, version="2", unit="pair")
    assert members(tmp_path, due(tmp_path, state, SUNDAY + timedelta(weeks=1))[0]) == ["ann"]


def test_conditions_alone_remind_nobody_twice_either(tmp_path, state):
    go_live(tmp_path, many(8))
    add_standing_list(state, standing(spec={"model": None, "size": 5}), at=NOON)
    first, second = (due(tmp_path, state, SUNDAY + timedelta(weeks=week))[0] for week in (0, 1))
    found = members(tmp_path, first) + members(tmp_path, second)
    assert sorted(found) == list(many(8))


def test_who_has_left_the_scores_is_no_problem(tmp_path, state):
    go_live(tmp_path, many(3))
    add_standing_list(state, standing(), at=NOON)
    due(tmp_path, state, SUNDAY)
    go_live(tmp_path, {"new": 0.5}, base=4, version="2")
    (run,) = due(tmp_path, state, SUNDAY + timedelta(weeks=1))
    assert members(tmp_path, run) == ["new"]


def test_a_festival_reminds_anew_each_year(tmp_path, state):
    go_live(tmp_path, many(8))
    when = {"festival": "mothers_day", "days_before": 10}
    add_standing_list(state, standing(when=when), at=NOON)
    found = [
        [members(tmp_path, run) for run in due(tmp_path, state, day)]
        for day in (date(2026, 4, 29), date(2026, 4, 30), date(2026, 5, 1), date(2027, 5, 1))
    ]
    best = ["c00000", "c00001", "c00002"]
    assert found == [[], [best], [], [best]]


def test_a_suppression_that_came_in_between_holds_whatever_the_day(tmp_path, state):
    go_live(tmp_path, many(8))
    add_standing_list(state, standing(), at=NOON)
    receive(state, b'{"customer_id": "c00000"}', SUPPRESSIONS, at=NOON)
    (run,) = due(tmp_path, state, SUNDAY)
    assert members(tmp_path, run) == ["c00001", "c00002", "c00003"]


def test_one_that_cannot_be_built_stays_due_and_stops_no_other(tmp_path, state):
    go_live(tmp_path, many(8))
    add_standing_list(state, standing("bad", spec={"model": "card_uptake"}), at=NOON)
    add_standing_list(state, standing("good"), at=NOON)
    bad, good = due(tmp_path, state, SUNDAY)
    assert (bad.list, good.problem) == (None, "")
    assert "Live models: customer_activity" in bad.problem
    go_live(tmp_path, many(8), model="card_uptake")
    (made_up,) = due(tmp_path, state, SUNDAY + timedelta(days=2))
    assert (made_up.name, made_up.due_on, made_up.problem) == ("bad", SUNDAY, "")


def test_the_same_again_changes_nothing_and_another_is_refused(state):
    assert add_standing_list(state, standing(), at=NOON).new
    again = add_standing_list(state, standing(), at=NOON + timedelta(days=1))
    assert (again.new, again.created_at) == (False, NOON)
    with pytest.raises(StandingListExistsError, match="remove the old one first"):
        add_standing_list(state, standing(again=7), at=NOON)


def test_who_was_reminded_stays_so_when_the_list_is_removed_and_added_again(tmp_path, state):
    go_live(tmp_path, many(8))
    add_standing_list(state, standing(), at=NOON)
    due(tmp_path, state, SUNDAY)
    remove_standing_list(state, "refill")
    assert due(tmp_path, state, SUNDAY + timedelta(weeks=1)) == []
    with pytest.raises(UnknownStandingListError):
        find_standing_list(state, "refill")
    add_standing_list(state, standing(), at=NOON)
    (run,) = due(tmp_path, state, SUNDAY + timedelta(weeks=1))
    assert members(tmp_path, run) == ["c00003", "c00004", "c00005"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": "a b"}, "/name"),
        ({"when": {"every": "week"}}, "/when"),
        ({"when": {"every": "month", "on": 32}}, "/when"),
        ({"when": {"festival": "easter", "days_before": 3}}, "/when"),
        ({"list": {"model": MODEL}}, "/list"),
        ({"list": {"model": MODEL, "size": 0}}, "/list/size"),
        ({"remind_again_after_days": 0}, "/remind_again_after_days"),
        ({"weekly": True}, "/weekly"),
    ],
)
def test_a_file_that_asks_for_nothing_clear_is_refused_with_a_sample(change, place):
    document = standing().document() | change
    with pytest.raises(InvalidStandingListError, match=rf"refill.json: {place}") as caught:
        read_standing_list(json.dumps(document).encode(), "refill.json")
    assert '"when": {"every": "week", "on": "monday"}' in str(caught.value)


#: Runs what is due, and is killed just before the n-th commit to the state database.
KILLED = """
import os, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from sqlalchemy import event
from campaigns.desk import Desk
from campaigns.standing.run import run_due
from campaigns.state.database import open_state
from pipeline.release import read_release

artifacts, nth = Path(sys.argv[1]), int(sys.argv[2])
state, left = open_state(artifacts), [nth]

def count(_connection):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(state, "commit", count)
at = datetime(2026, 3, 1, 12, tzinfo=UTC)
with Desk(artifacts) as desk:
    run_due(state, desk, read_release(artifacts), today=at.date(), at=at, time_zone="Asia/Taipei")
"""


@pytest.mark.parametrize("commit", [1, 2, 3])
def test_who_is_killed_and_starts_again_makes_no_second_list(tmp_path, commit):
    go_live(tmp_path, many(8))
    state = open_state(tmp_path)
    add_standing_list(state, standing(), at=NOON)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(commit)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    # What is live has changed in between: a list that was built is taken up all the same.
    go_live(tmp_path, {name: 1 - score for name, score in many(8).items()}, version="2")
    (run,) = due(tmp_path, state, SUNDAY)
    built_before = commit == 3  # the first claims, the second builds, the third completes
    best = ["c00000", "c00001", "c00002"]
    assert members(tmp_path, run) == (best if built_before else ["c00007", "c00006", "c00005"])
    with Session(state) as session:
        assert session.scalar(select(func.count()).select_from(FrozenList)) == 1
        assert session.scalar(select(func.count()).select_from(Reminded)) == 3
    assert due(tmp_path, state, SUNDAY) == []
    assert len(list(Path(tmp_path / "lists").glob("[!.]*"))) in {1, 2}
    state.dispose()


def test_two_who_run_at_once_build_one_list(tmp_path, state):
    go_live(tmp_path, many(8))
    add_standing_list(state, standing(), at=NOON)
    with ThreadPoolExecutor(2) as threads:
        runs = list(threads.map(lambda _: due(tmp_path, state, SUNDAY), range(2)))
    assert sorted(map(len, runs)) == [0, 1]
