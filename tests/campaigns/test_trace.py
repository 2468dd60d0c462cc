"""A customer of a list is followed back to all that decided, and computed to the same again."""

import shutil

import pandas as pd
import pyarrow.parquet as pq
import pytest
from explained import AS_OF, explainable
from scored import MODEL, NOON

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.list_spec import ListSpec
from campaigns.members import control_path, members_path, outcomes_path
from campaigns.state.database import open_state
from campaigns.trace.place import NotOfListError
from campaigns.trace.trace import trace
from pipeline.release import read_release
from pipeline.score_set import parts, read_score_set, score_set_folder


@pytest.fixture(scope="module")
def lined(tmp_path_factory):
    """A project of 300 customers with a list of the best 40, and one in random order."""
    folder = tmp_path_factory.mktemp("traced")
    artifacts = folder / "artifacts"
    explainable(artifacts)
    state = open_state(artifacts)
    with Desk(artifacts) as desk:
        made = [
            build_list(spec, read_release(artifacts), desk=desk, state=state, at=NOON).list
            for spec in (
                ListSpec(model=MODEL, size=40, control_share=0.2),
                ListSpec(model=None, size=40, control_share=0.2, seed=5),
            )
        ]
    yield folder, state, *made
    state.dispose()


@pytest.fixture
def copied(lined, tmp_path):
    folder, _state, found, _at_random = lined
    shutil.copytree(folder, tmp_path / "copy")
    state = open_state(tmp_path / "copy" / "artifacts")
    yield tmp_path / "copy", state, found
    state.dispose()


def figures(traced):
    return {one.name: one for one in traced.figures}


def test_members_and_those_held_out_have_the_rank_and_score_that_were_frozen(lined):
    folder, state, found, _ = lined
    for path_of in (members_path, control_path):
        for row in pq.read_table(path_of(folder / "artifacts", found.id)).to_pylist()[::6]:
            traced = trace(folder, state, found.id, row["customer_id"])
            own = figures(traced)
            assert own["rank"].again == row["rank"]
            assert own["score"].again == own["score"].stored == row["probability"]
            assert own["rank"].agrees
            assert own["score"].agrees
            assert own["reasons"].agrees is (True if "reasons" in row else None)


def test_the_order_of_a_list_without_a_model_is_drawn_again(lined):
    folder, state, _, found = lined
    for row in pq.read_table(members_path(folder / "artifacts", found.id)).to_pylist()[::10]:
        traced = trace(folder, state, found.id, row["customer_id"])
        assert figures(traced)["rank"].again == row["rank"]


def test_who_was_left_out_is_told_why_with_the_score_again(lined):
    folder, state, found, _ = lined
    outcomes = pq.read_table(outcomes_path(folder / "artifacts", found.id)).to_pandas()
    worst = outcomes[outcomes["outcome"] == "below_cut_off"]["customer_id"].iloc[0]
    traced = trace(folder, state, found.id, worst)
    assert traced.place.outcome == "below_cut_off"
    assert traced.said == "The customer was left out: ranks below the last of the list."
    assert figures(traced)["score"].agrees
    assert traced.document()["recomputed"]["rank"]["frozen"] is None


def test_every_step_back_is_named_with_what_is_on_record(lined):
    folder, state, found, _ = lined
    someone = pq.read_table(members_path(folder / "artifacts", found.id))["customer_id"][0].as_py()
    links = {one.name: one for one in trace(folder, state, found.id, someone).links}
    assert [*links] == [
        "list", "score_set", "version", "training_run", "snapshot", "data", "code"
    ]  # fmt: skip
    assert links["list"].facts["spec"]["size"] == 40
    assert links["score_set"].facts["id"] == found.score_set
    assert links["version"].facts["seed"] == 1
    assert links["training_run"].facts["run_id"] == "r"
    assert links["snapshot"].facts["fingerprint"] == found.data_fingerprint
    assert links["data"].facts["scored_on"] == "d1"
    assert [one.name for one in links.values() if not one.found] == ["training_run", "data", "code"]


def test_a_score_that_was_changed_by_hand_does_not_agree(copied):
    folder, state, found = copied
    (path,) = parts(
        folder / "artifacts", read_score_set(folder / "artifacts", MODEL, found.score_set)
    )
    rows = pd.read_parquet(path)
    someone = rows["customer_id"].iloc[0]
    path.chmod(0o644)
    changed = rows.assign(probability=rows["probability"].where(rows.index > 0, 0.999))
    changed.to_parquet(path)
    manifest = score_set_folder(folder / "artifacts", MODEL, found.score_set) / "manifest.json"
    text = manifest.read_text()
    before = read_bytes_named(text)
    manifest.write_text(text.replace(f'"bytes": {before}', f'"bytes": {path.stat().st_size}'))
    traced = trace(folder, state, found.id, someone)
    links = {one.name: one for one in traced.links}
    assert "has been changed since" in links["score_set"].said
    assert figures(traced)["score"].agrees is False


def read_bytes_named(text):
    return text.partition('"bytes": ')[2].partition(",")[0]


def test_what_is_gone_is_told_link_by_link_and_figure_by_figure(copied):
    folder, state, found = copied
    artifacts = folder / "artifacts"
    someone = pq.read_table(members_path(artifacts, found.id))["customer_id"][0].as_py()
    shutil.rmtree(artifacts / "snapshots" / "customer" / f"as_of={AS_OF}")
    traced = trace(folder, state, found.id, someone)
    assert figures(traced)["score"].agrees is None
    assert figures(traced)["rank"].agrees
    assert any("no snapshot of 2026-03-01" in said for said in traced.document()["broken"])
    shutil.rmtree(score_set_folder(artifacts, MODEL, found.score_set))
    broken = trace(folder, state, found.id, someone).document()["broken"]
    assert any(f"score set {found.score_set} of {MODEL} is gone" in said for said in broken)
    shutil.rmtree(artifacts / "versions" / MODEL / "1")
    broken = trace(folder, state, found.id, someone).document()["broken"]
    assert any("version 1 of customer_activity can no longer" in said for said in broken)


def test_a_stranger_is_refused_without_being_named(lined):
    folder, state, found, _ = lined
    with pytest.raises(NotOfListError) as caught:
        trace(folder, state, found.id, "nobody-knows-me")
    assert "nobody-knows-me" not in str(caught.value)
