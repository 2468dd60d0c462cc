"""`release.json` is the only truth of what is live, and it is replaced whole."""

import threading
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from pipeline.release import (
    DamagedReleaseError,
    NothingBeforeError,
    Release,
    UnreleasedModelError,
    VersionMismatchError,
    read_release,
    release,
    release_path,
    step_back,
)
from pipeline.score_set import UnknownScoreSetError, write_score_set

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MODEL = "customer_activity"


def scored(artifacts, version="1", day=1, model=MODEL):
    return write_score_set(
        pd.DataFrame({"customer_id": ["ann"], "probability": [0.5]}),
        artifacts=artifacts,
        model=model,
        version=version,
        as_of=date(2026, 3, day),
        unit="customer",
        base=1,
        data_fingerprint="c0ffee",
        created_at=NOON,
    ).id


def live(artifacts, model=MODEL):
    entry = read_release(artifacts).live(model)
    return entry.version, entry.score_set


def released(artifacts, version="1", day=1, hours=0, **given):
    score_set = scored(artifacts, version, day)
    at = NOON + timedelta(hours=hours)
    return release(artifacts, MODEL, version=version, score_set=score_set, at=at, **given)


def test_nothing_is_live_before_the_first_release(tmp_path):
    assert read_release(tmp_path) == Release(revision=0, models={})
    with pytest.raises(UnreleasedModelError, match="none yet"):
        read_release(tmp_path).live(MODEL)


def test_an_unknown_model_is_answered_with_those_that_are_live(tmp_path):
    released(tmp_path)
    with pytest.raises(UnreleasedModelError, match="Live models: customer_activity"):
        read_release(tmp_path).live("card_uptake")


def test_what_is_returned_is_what_is_read(tmp_path):
    assert released(tmp_path) == read_release(tmp_path)
    assert live(tmp_path) == ("1", scored(tmp_path))


def test_releasing_what_is_live_changes_nothing(tmp_path):
    first = released(tmp_path)
    assert released(tmp_path, hours=3) == first


def test_one_model_leaves_the_others_alone(tmp_path):
    before = released(tmp_path).live(MODEL)
    other = scored(tmp_path, model="card_uptake")
    after = release(tmp_path, "card_uptake", version="1", score_set=other, at=NOON)
    assert after.live(MODEL) == before


def test_a_step_back_brings_the_previous_entry_back(tmp_path):
    released(tmp_path, "1")
    released(tmp_path, "2", hours=1)
    step_back(tmp_path, MODEL, at=NOON + timedelta(hours=2))
    assert live(tmp_path) == ("1", scored(tmp_path, "1"))


def test_a_second_step_back_never_goes_forward(tmp_path):
    released(tmp_path, "1")
    released(tmp_path, "2")
    step_back(tmp_path, MODEL, at=NOON)
    with pytest.raises(NothingBeforeError, match="no earlier entry"):
        step_back(tmp_path, MODEL, at=NOON)
    assert live(tmp_path)[0] == "1"


def test_a_version_is_stepped_over_with_all_its_score_sets(tmp_path):
    released(tmp_path, "1", day=1)
    released(tmp_path, "1", day=2)
    released(tmp_path, "2", day=2)
    released(tmp_path, "2", day=3)
    step_back(tmp_path, MODEL, version="1", at=NOON)
    assert live(tmp_path) == ("1", scored(tmp_path, "1", day=2))


def test_what_was_stepped_back_from_is_not_released_again_but_by_hand(tmp_path):
    released(tmp_path, "1", day=1)
    released(tmp_path, "2", day=1)
    after = step_back(tmp_path, MODEL, at=NOON)
    assert released(tmp_path, "2", day=1) == released(tmp_path, "2", day=2) == after
    released(tmp_path, "2", day=2, by_hand=True)
    assert live(tmp_path)[0] == "2"
    released(tmp_path, "2", day=3)
    assert live(tmp_path) == ("2", scored(tmp_path, "2", day=3))


def test_a_withdrawn_score_set_does_not_withdraw_its_version(tmp_path):
    released(tmp_path, "1", day=1)
    released(tmp_path, "1", day=2)
    after = step_back(tmp_path, MODEL, at=NOON)
    assert released(tmp_path, "1", day=2) == after
    released(tmp_path, "1", day=3)
    assert live(tmp_path) == ("1", scored(tmp_path, "1", day=3))


def test_a_version_that_another_one_replaces_by_hand_is_withdrawn(tmp_path):
    released(tmp_path, "2", day=1)
    after = released(tmp_path, "1", day=1, by_hand=True)
    assert released(tmp_path, "2", day=2) == after


def test_what_a_second_step_brings_back_is_withdrawn_no_longer(tmp_path):
    released(tmp_path, "1", day=1)
    released(tmp_path, "2", day=1)
    released(tmp_path, "1", day=2)
    step_back(tmp_path, MODEL, at=NOON)
    step_back(tmp_path, MODEL, at=NOON)
    assert set(read_release(tmp_path).live(MODEL).withdrawn_versions) == {"2"}
    released(tmp_path, "1", day=3)
    assert live(tmp_path) == ("1", scored(tmp_path, "1", day=3))


def test_a_score_set_that_does_not_exist_is_not_released(tmp_path):
    released(tmp_path)
    with pytest.raises(UnknownScoreSetError):
        release(tmp_path, MODEL, version="2", score_set="2026-03-01-0", at=NOON)
    assert live(tmp_path)[0] == "1"


def test_a_score_set_of_another_version_is_not_released(tmp_path):
    with pytest.raises(VersionMismatchError, match=r"made by version 1 .* not by 2"):
        release(tmp_path, MODEL, version="2", score_set=scored(tmp_path, "1"), at=NOON)


def test_a_damaged_release_is_never_written_over(tmp_path):
    released(tmp_path)
    release_path(tmp_path).write_text('{"models": ')
    with pytest.raises(DamagedReleaseError, match="Restore it from a backup"):
        released(tmp_path, "2")
    assert release_path(tmp_path).read_text() == '{"models": '


def test_writers_at_once_lose_nothing(tmp_path):
    models = [f"model_{number}" for number in range(8)]
    ids = {model: scored(tmp_path, model=model) for model in models}
    threads = [
        threading.Thread(
            target=release,
            args=(tmp_path, model),
            kwargs={"version": "1", "score_set": ids[model], "at": NOON},
        )
        for model in models
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_release(tmp_path).revision == len(models)
    assert sorted(read_release(tmp_path).models) == models
