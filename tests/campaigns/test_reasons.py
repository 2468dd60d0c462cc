"""Members carry the reasons for which they are on the list, frozen with them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from explained import AS_OF, explainable
from scored import MODEL, NOBODY_HELD_OUT, NOON, go_live

from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.list_spec import ListSpec
from campaigns.members import member_rows, read_members
from campaigns.population import Population
from campaigns.ranking import Ranking
from campaigns.reasons import with_reasons
from pipeline.explain import UnexplainedError, explain
from pipeline.release import read_release
from pipeline.score_set import read_score_set
from pipeline.snapshot_store import fingerprint_of


@pytest.fixture
def known(tmp_path):
    """What is known of the customers of a live model."""
    return explainable(tmp_path)


def built(artifacts, state, size):
    spec = ListSpec(model=MODEL, size=size, **NOBODY_HELD_OUT)
    with Desk(artifacts) as desk:
        return build_list(spec, read_release(artifacts), desk=desk, state=state, at=NOON).list


def best(artifacts, score_set, size):
    live = {score_set.model: score_set}
    with Population(artifacts, score_set, scores=live, members=Path) as population:
        ranking = Ranking.of(population, artifacts, score_set)
        return member_rows(artifacts, score_set, ranking, np.arange(size))


def members(artifacts, found, **asked):
    return read_members(
        artifacts, found.id, found.members, after=0, limit=1000, **asked
    ).to_pylist()


def live_scores(artifacts):
    return read_score_set(artifacts, MODEL, read_release(artifacts).live(MODEL).score_set)


def test_every_member_has_reasons_that_add_up_to_the_probability(tmp_path, state, known):
    for member in members(tmp_path, built(tmp_path, state, 50), reasons=True):
        why = member["reasons"]
        told = why["start"] + sum(one["points"] for one in why["strongest"]) + why["rest"]
        assert told == pytest.approx(member["probability"], abs=1e-9)
        assert why["strongest"]


def test_a_reason_names_the_members_own_value_in_both_languages(tmp_path, state, known):
    for member in members(tmp_path, built(tmp_path, state, 50), reasons=True):
        days = known.loc[member["customer_id"], "days_since_last_purchase"]
        english = [one["en"] for one in member["reasons"]["strongest"]]
        chinese = [one["zh-TW"] for one in member["reasons"]["strongest"]]
        (bought,) = [one for one in english if one.startswith("Bought ")]
        assert bought.startswith((f"Bought {days} days ago, ", f"Bought {days} day ago, "))
        assert any(one.startswith(f"距上次購買 {days} 天") for one in chinese)


def test_reasons_are_read_only_if_asked_for(tmp_path, state, known):
    plain = members(tmp_path, built(tmp_path, state, 5))
    assert [list(member) for member in plain] == [
        ["rank", "customer_id", "probability", "arm", "arm_probability"]
    ] * 5


def test_the_same_list_has_the_same_bytes_wherever_it_is_built(tmp_path, known):
    score_set = live_scores(tmp_path)
    once, again = (
        with_reasons(tmp_path, score_set, best(tmp_path, score_set, 100)) for _ in range(2)
    )
    assert once.equals(again)


def test_members_beyond_the_best_have_none(tmp_path, known):
    score_set = live_scores(tmp_path)
    chosen = best(tmp_path, score_set, 10)
    column = with_reasons(tmp_path, score_set, chosen, most=4)["reasons"]
    assert column.is_valid().to_pylist() == [True] * 4 + [False] * 6


def replace_manifest(artifacts, manifest):
    folder = artifacts / "snapshots" / "customer" / f"as_of={AS_OF}"
    (folder / "manifest.json").write_text(json.dumps(manifest))


def gone(artifacts):
    shutil.rmtree(artifacts / "snapshots")


def another(artifacts):
    replace_manifest(artifacts, {"version": "decaf", "codings": {}})


def no_learner(artifacts):
    shutil.rmtree(artifacts / "versions")


def damaged(artifacts):
    (artifacts / "versions" / MODEL / "1" / "learner" / "model.json").unlink()


def other_scores(artifacts):
    manifest = {"version": "cafe", "codings": {}}
    scores = {f"c{n:05}": n / 300 for n in range(300)}
    go_live(artifacts, scores, data_fingerprint=fingerprint_of(manifest))
    replace_manifest(artifacts, manifest)


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        (gone, "no snapshot of 2026-03-01"),
        (another, "is not the one that was scored"),
        (no_learner, "customer_activity has no version 1"),
        (damaged, "the learner of customer_activity version 1 lacks model.json"),
        (other_scores, "do not add up to the scores"),
    ],
)
def test_a_list_whose_scores_cannot_be_explained_is_built_without_reasons(
    tmp_path, state, known, lost, message
):
    lost(tmp_path)
    found = built(tmp_path, state, 20)
    assert len(members(tmp_path, found)) == 20
    assert "reasons" not in members(tmp_path, found, reasons=True)[0]
    score_set = live_scores(tmp_path)
    with pytest.raises(UnexplainedError, match=message):
        explain(tmp_path, score_set, best(tmp_path, score_set, 20))
