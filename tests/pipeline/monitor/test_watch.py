"""What is live is watched: quiet months are quiet, breaks ring, and nothing is looked at twice."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import watched
from scored import MODEL
from typer.testing import CliRunner
from watched import CUSTOMERS, FEATURES, cutoff, go_live, sales, settled, snapshot

from pipeline.monitor.record import EVERYBODY, history
from pipeline.monitor.report import page_path
from pipeline.monitor.summary import read_summary
from pipeline.monitor.watch import watch
from pipeline.project import open_project
from pipeline.release import UnreleasedModelError, read_release
from pipeline.score_set import parts, read_score_set
from shortlist.cli import app


def clock():
    return datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Five months of snapshots that a version learned from, and one month live."""
    folder = tmp_path_factory.mktemp("watched")
    settled(folder)
    artifacts = folder / "artifacts"
    rows = [snapshot(artifacts, month) for month in range(6)]
    learner = watched.fitted(artifacts, rows[0])
    go_live(artifacts, 5, learner.predict_proba(rows[5][FEATURES])[:, 1])
    return folder


@pytest.fixture
def folder(kept, tmp_path):
    """A copy of that project."""
    return shutil.copytree(kept, tmp_path / "project")


def looked(folder):
    """Look at everything; return the records by subject."""
    return {one.subject: one for one in watch(open_project(folder), clock=clock)}


def said(folder):
    """What the live version said of each customer in month 5."""
    live = read_release(folder / "artifacts").live(MODEL)
    stored = read_score_set(folder / "artifacts", MODEL, live.score_set)
    rows = pd.concat(map(pd.read_parquet, parts(folder / "artifacts", stored)))
    return rows.set_index("customer_id")["probability"].loc[CUSTOMERS].to_numpy()


def a_month_later(folder, *, scores=None, times=1.0, **broken):
    """Let a month pass in which `times` as many buy as was said; the next scores go live."""
    probability = said(folder)
    drawn = np.random.default_rng(4).random(len(CUSTOMERS)) < times * probability
    who = [name for name, buys in zip(CUSTOMERS, drawn, strict=True) if buys]
    sales(folder / "artifacts", who, month=5)
    snapshot(folder / "artifacts", 6, **broken)
    go_live(folder / "artifacts", 6, probability if scores is None else scores)
    return who


def rang(record):
    return {(alarm.kind, alarm.subject) for alarm in record.alarms}


def test_a_quiet_month_is_quiet(folder):
    a_month_later(folder)
    found = looked(folder)
    assert [one.alarms for one in found.values()] == [[], []]
    assert found[MODEL].drift.references == tuple(cutoff(month) for month in range(5))


def test_predictions_are_compared_with_what_happened_band_by_band(folder):
    probability = said(folder)
    who = a_month_later(folder)
    realised = looked(folder)[MODEL].realised
    assert (realised.rows, realised.outcomes) == (400, len(who))
    found = realised.measures["observed_over_expected"]
    assert found.value == pytest.approx(len(who) / probability.sum())
    assert found.low < found.value < found.high
    best = sorted(zip(-probability, CUSTOMERS, strict=True))[:40]
    assert realised.bands[0].happened == sum(name in who for _, name in best) / 40
    assert realised.bands[0].predicted == pytest.approx(-np.mean([score for score, _ in best]))
    assert realised.closed_on - realised.as_of == timedelta(days=30)


def test_nothing_is_said_of_scores_whose_outcomes_are_still_to_come(folder):
    found = looked(folder)[MODEL]
    assert found.realised is None
    assert any(note.startswith("Realised: no score set") for note in found.notes)


def test_sales_that_stay_away_ring(folder):
    a_month_later(folder, times=0.5)
    assert "observed over expected" in {kind for kind, _ in rang(looked(folder)[MODEL])}


def test_a_column_that_breaks_rings_whether_or_not_a_model_uses_it(folder):
    a_month_later(folder, age_years=[None] * 399 + [20], order_count_90d=0)
    found = looked(folder)
    assert rang(found[EVERYBODY]) == {("drift", "age_years"), ("drift", "order_count_90d")}
    assert ("drift", "order_count_90d") in rang(found[MODEL])
    assert ("drift", "age_years") not in rang(found[MODEL])
    (age,) = (one for one in found[EVERYBODY].alarms if one.subject == "age_years")
    assert age.action.startswith("Values are missing in 100% of rows, 0% before")


def test_what_is_broken_goes_on_ringing_since_the_first_month(folder):
    a_month_later(folder, age_years=99)
    looked(folder)
    snapshot(folder / "artifacts", 7, age_years=99)
    go_live(folder / "artifacts", 7, said(folder))
    (again,) = looked(folder)[EVERYBODY].alarms
    assert again.since == cutoff(6)


def test_what_a_version_has_learned_rings_no_longer(folder):
    a_month_later(folder, age_years=99)
    looked(folder)
    rows = snapshot(folder / "artifacts", 7, age_years=99)
    watched.fitted(folder / "artifacts", rows, version="2", months=(0, 1, 2, 6, 3))
    go_live(folder / "artifacts", 7, said(folder), version="2")
    assert looked(folder)[EVERYBODY].alarms == []


def test_scores_that_jump_ring(folder):
    a_month_later(folder, scores=np.linspace(0.99, 0.98, 400))
    assert ("score drift", "score") in rang(looked(folder)[MODEL])


def test_a_list_of_other_people_rings(folder):
    a_month_later(folder, scores=1 - said(folder))
    found = looked(folder)[MODEL]
    assert found.turnover.share > 0.9
    assert "turnover" in {kind for kind, _ in rang(found)}


def test_a_second_look_finds_the_record_of_the_first(folder):
    a_month_later(folder)
    first = watch(open_project(folder), clock=clock)
    again = watch(open_project(folder), clock=lambda: clock() + timedelta(days=1))
    assert again == first
    assert len(history(folder / "artifacts", MODEL)) == 1


def test_rows_that_come_late_replace_the_record(folder):
    a_month_later(folder)
    first = looked(folder)[MODEL]
    run = folder / "artifacts" / "run.yaml"
    run.write_text(run.read_text().replace("fingerprint: f", "fingerprint: g"))
    sales(folder / "artifacts", CUSTOMERS[-200:], month=5)
    again = looked(folder)[MODEL]
    assert again.realised.outcomes > first.realised.outcomes
    assert [one.made_from for one in history(folder / "artifacts", MODEL)] == [again.made_from]


def test_nobody_is_named_in_what_is_kept(folder):
    a_month_later(folder)
    looked(folder)
    kept = [one for one in (folder / "artifacts" / "monitoring").rglob("*") if one.is_file()]
    assert page_path(folder / "artifacts") in kept
    for path in kept:
        assert not any(name in path.read_text() for name in CUSTOMERS)


def test_the_summary_holds_the_newest_figures(folder):
    expected = said(folder).sum()
    who = a_month_later(folder, times=0.5)
    looked(folder)
    found = read_summary(folder / "artifacts")[MODEL]
    assert found["as_of"] == cutoff(6).isoformat()
    assert found["figures"]["alarms"] >= 1
    assert found["figures"]["realised_observed_over_expected"] == pytest.approx(len(who) / expected)


def test_without_a_release_there_is_nothing_to_watch(tmp_path):
    settled(tmp_path)
    with pytest.raises(UnreleasedModelError, match="nothing was promised"):
        watch(open_project(tmp_path), clock=clock)


@pytest.mark.parametrize(("times", "code"), [(1.0, 0), (0.5, 6)])
def test_the_command_exits_with_6_where_something_rings(folder, times, code):
    a_month_later(folder, times=times)
    result = CliRunner().invoke(app, ["--project", str(folder), "--json", "monitor"])
    assert result.exit_code == code
    assert set(json.loads(result.stdout)) == {EVERYBODY, MODEL}


def test_an_alarm_says_what_was_found_what_is_allowed_and_what_to_do(folder):
    a_month_later(folder, times=0.5)
    result = CliRunner().invoke(app, ["--project", str(folder), "monitor"])
    assert "observed over expected" in result.stdout
    assert "allowed is 0.8 to 1.25" in result.stdout
    assert "use ranks, not expected values" in result.stdout


def test_a_column_without_any_value_rings(folder):
    a_month_later(folder, order_count_90d=pd.array([None] * 400, dtype="Float64"))
    assert ("drift", "order_count_90d") in rang(looked(folder)[EVERYBODY])
