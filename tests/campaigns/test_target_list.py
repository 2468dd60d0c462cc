"""A list is frozen, accounts for everybody, and is the same for the same request."""

import hashlib
import shutil
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scored import MODEL, NOBODY_HELD_OUT, NOON, go_live, many
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaigns.building import ListTooLargeError, build_list
from campaigns.desk import Desk
from campaigns.ledger import Ledger
from campaigns.list_spec import InvalidSpecError, ListSpec, read_spec
from campaigns.members import DamagedListError, members_path, read_members
from campaigns.state.database import open_state
from campaigns.state.tables import FrozenList
from campaigns.target_list import UnknownListError, find_list
from pipeline.durable import PARTIAL
from pipeline.release import read_release
from pipeline.score_set import DamagedScoreSetError, parts, read_score_set


def built(artifacts, state, size, *, at=NOON, **spec):
    wanted = ListSpec(model=MODEL, size=size, **{**NOBODY_HELD_OUT, **spec})
    with Desk(artifacts) as desk:
        return build_list(wanted, read_release(artifacts), desk=desk, state=state, at=at)


def members(artifacts, found, after=0, limit=1000):
    rows = read_members(artifacts, found.id, found.members, after=after, limit=limit)
    return rows.to_pylist()


def test_the_best_are_chosen_in_rank_order(tmp_path, state):
    go_live(tmp_path, {"ann": 0.2, "bob": 0.9, "cat": 0.5})
    found, new = built(tmp_path, state, 2)
    assert new
    told = [
        (row["rank"], row["customer_id"], row["probability"]) for row in members(tmp_path, found)
    ]
    assert told == [(1, "bob", 0.9), (2, "cat", 0.5)]


def test_everybody_known_has_one_outcome(tmp_path, state):
    go_live(tmp_path, many(70), base=100)
    assert built(tmp_path, state, 20).list.ledger == Ledger(
        base=100, selected=20, control=0, excluded={"not_eligible": 30, "below_cut_off": 50}
    )


def test_outcomes_that_do_not_add_up_are_a_defect():
    with pytest.raises(ValueError, match="do not add up to a base of 10"):
        Ledger(base=10, selected=5, control=1, excluded={"not_eligible": 3, "below_cut_off": 2})


def test_the_list_says_where_it_came_from(tmp_path, state):
    go_live(tmp_path, many(5), version="7")
    found = built(tmp_path, state, 3, seed=11).list
    score_set = read_score_set(tmp_path, MODEL, found.score_set)
    assert (found.version, found.data_fingerprint) == ("7", "c0ffee")
    assert found.as_of == score_set.as_of
    assert found.spec == {"model": MODEL, "size": 3, "seed": 11, **NOBODY_HELD_OUT}
    content = members_path(tmp_path, found.id).read_bytes()
    assert found.members.sha256 == hashlib.sha256(content).hexdigest()


def test_the_same_request_on_the_same_release_is_the_same_list(tmp_path, state):
    go_live(tmp_path, many(5))
    first = built(tmp_path, state, 3)
    again = built(tmp_path, state, 3, at=NOON.replace(hour=18))
    assert (again.list, again.new) == (first.list, False)


@pytest.mark.parametrize("change", [{"size": 4}, {"seed": 1}], ids=["size", "seed"])
def test_another_request_is_another_list(tmp_path, state, change):
    go_live(tmp_path, many(5))
    first = built(tmp_path, state, 3).list
    assert built(tmp_path, state, **{"size": 3, **change}).list.id != first.id


def test_another_release_is_another_list_and_leaves_the_first_frozen(tmp_path, state):
    go_live(tmp_path, {"ann": 0.9, "bob": 0.1}, version="1")
    first = built(tmp_path, state, 1).list
    go_live(tmp_path, {"ann": 0.1, "bob": 0.9}, version="2")
    second = built(tmp_path, state, 1).list
    assert [row["customer_id"] for row in members(tmp_path, second)] == ["bob"]
    assert [row["customer_id"] for row in members(tmp_path, first)] == ["ann"]
    assert find_list(state, first.id) == first


def test_the_same_request_at_once_is_one_list(tmp_path, state):
    go_live(tmp_path, many(2000))
    start = threading.Barrier(8)
    results = []

    def ask():
        start.wait(timeout=10)
        results.append(built(tmp_path, state, 1000))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({result.list.id for result in results}) == 1
    assert sorted(result.new for result in results) == [False] * 7 + [True]
    with Session(state) as session:
        assert session.scalar(select(func.count()).select_from(FrozenList)) == 1
    assert not list(tmp_path.rglob(f"{PARTIAL}*"))


def test_a_customer_is_chosen_once_with_the_best_product(tmp_path, state):
    rows = [
        {"customer_id": "ann", "product_id": "camera", "probability": 0.9},
        {"customer_id": "ann", "product_id": "tripod", "probability": 0.8},
        {"customer_id": "bob", "product_id": "tripod", "probability": 0.1},
    ]
    go_live(tmp_path, rows, base=3)
    found = built(tmp_path, state, 2).list
    assert [(row["customer_id"], row["product_id"]) for row in members(tmp_path, found)] == [
        ("ann", "camera"),
        ("bob", "tripod"),
    ]
    assert found.ledger == Ledger(3, 2, 0, {"not_eligible": 1})


def test_a_customer_is_chosen_once_with_the_offer_that_changes_most(tmp_path, state):
    effects = {
        "ann": {"coupon": 0.02, "gift": 0.05},
        "bob": {"coupon": 0.03, "gift": -0.01},
        "cat": {"coupon": 0.04, "gift": 0.01},
        "dan": {"coupon": -0.02, "gift": -0.03},
    }
    rows = [
        {"customer_id": who, "arm": arm, "effect": effect, "low": effect - 0.01, "high": 0.1}
        for who, by_arm in effects.items()
        for arm, effect in by_arm.items()
    ]
    go_live(tmp_path, rows, base=5)
    found = built(tmp_path, state, 3).list
    assert [
        (row["rank"], row["customer_id"], row["arm"], row["effect"])
        for row in members(tmp_path, found)
    ] == [(1, "ann", "gift", 0.05), (2, "cat", "coupon", 0.04), (3, "bob", "coupon", 0.03)]
    assert found.ledger == Ledger(5, 3, 0, {"not_eligible": 1, "below_cut_off": 1})


def test_asking_for_more_than_are_eligible_gives_them_all(tmp_path, state):
    go_live(tmp_path, many(5), base=8)
    assert built(tmp_path, state, 8).list.ledger == Ledger(8, 5, 0, {"not_eligible": 3})


def test_asking_for_more_than_are_known_is_refused(tmp_path, state):
    go_live(tmp_path, many(5), base=8)
    with pytest.raises(ListTooLargeError, match=r"size is 9, but only 8 customers .* or fewer"):
        built(tmp_path, state, 9)


def test_damaged_scores_make_no_list(tmp_path, state):
    live = go_live(tmp_path, many(5)).live(MODEL)
    parts(tmp_path, read_score_set(tmp_path, MODEL, live.score_set))[0].unlink()
    with pytest.raises(DamagedScoreSetError):
        built(tmp_path, state, 3)
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_list_that_was_never_built_is_unknown(state):
    with pytest.raises(UnknownListError, match="no list of this id"):
        find_list(state, "list_0")


def test_members_cut_short_are_never_half_answered(tmp_path, state):
    go_live(tmp_path, many(5))
    found = built(tmp_path, state, 3).list
    path = members_path(tmp_path, found.id)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedListError, match="missing or damaged"):
        members(tmp_path, found)


def test_the_members_of_another_list_are_not_taken_for_these(tmp_path, state):
    go_live(tmp_path, many(500))
    found, other = built(tmp_path, state, 30).list, built(tmp_path, state, 400).list
    shutil.copy(members_path(tmp_path, other.id), members_path(tmp_path, found.id))
    with pytest.raises(DamagedListError, match="missing or damaged"):
        members(tmp_path, found)


@pytest.fixture(scope="module")
def long_list(tmp_path_factory):
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(21_000))
    state = open_state(artifacts)
    found = built(artifacts, state, 20_500).list
    state.dispose()
    return artifacts, found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(after=st.integers(0, 20_500), limit=st.integers(1, 1000))
def test_any_stretch_of_ranks_is_read_as_it_is(long_list, after, limit):
    artifacts, found = long_list
    ranks = [row["rank"] for row in members(artifacts, found, after, limit)]
    assert ranks == list(range(after + 1, min(after + limit, 20_500) + 1))


def test_a_request_is_read_from_a_file(tmp_path):
    path = tmp_path / "winback.json"
    path.write_text('{"model": "customer_activity", "size": 1000}')
    assert read_spec(path) == ListSpec(model=MODEL, size=1000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the document: Invalid JSON"),
        ('{"model": "m"}', "the document: say where the list ends"),
        ('{"model": "m", "size": 0}', "/size: Input should be greater than or equal to 1"),
        ('{"model": "m", "size": "10"}', "/size: Input should be a valid integer"),
        ('{"model": "m", "size": 1, "sise": 2}', "/sise: Extra inputs are not permitted"),
    ],
)
def test_a_file_that_asks_for_nothing_clear_is_refused_with_a_sample(tmp_path, text, message):
    path = tmp_path / "winback.json"
    path.write_text(text)
    with pytest.raises(InvalidSpecError, match=message) as caught:
        read_spec(path)
    assert '{"model": "customer_activity", "size": 1000}' in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidSpecError, match=r"winback\.json does not exist"):
        read_spec(tmp_path / "winback.json")
