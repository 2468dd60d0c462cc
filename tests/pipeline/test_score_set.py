"""Score sets are sorted, immutable, idempotent, and refuse to be read when damaged."""

import json
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.score_set import (
    DamagedScoreSetError,
    InvalidScoresError,
    UnknownScoreSetError,
    parts,
    ranked_batches,
    read_score_set,
    score_set_folder,
    verify_score_set,
    write_score_set,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def written(artifacts, rows, **changes):
    scores = pd.DataFrame(rows) if isinstance(rows, list) else rows
    inputs = {
        "artifacts": artifacts,
        "model": "card_uptake",
        "version": "3",
        "as_of": date(2026, 3, 1),
        "unit": "customer",
        "base": 10,
        "data_fingerprint": "c0ffee",
        "created_at": NOON,
    }
    return write_score_set(scores, **{**inputs, **changes})


def ranked(artifacts, score_set):
    return pa.Table.from_batches(ranked_batches(artifacts, score_set)).to_pylist()


THREE = [
    {"customer_id": "cat", "probability": 0.2},
    {"customer_id": "bob", "probability": 0.9},
    {"customer_id": "ann", "probability": 0.2},
]


def test_rows_run_from_best_to_worst_and_ties_by_customer(tmp_path):
    score_set = written(tmp_path, THREE)
    assert [row["customer_id"] for row in ranked(tmp_path, score_set)] == ["bob", "ann", "cat"]
    assert (score_set.rows, score_set.customers, score_set.base) == (3, 3, 10)


def test_what_is_read_is_what_was_written(tmp_path):
    score_set = written(tmp_path, THREE)
    assert read_score_set(tmp_path, "card_uptake", score_set.id) == score_set
    verify_score_set(tmp_path, score_set)


def test_writing_again_changes_no_byte_and_keeps_the_first_time(tmp_path):
    first = written(tmp_path, THREE)
    (file,) = parts(tmp_path, first)
    before = file.stat().st_mtime_ns
    again = written(tmp_path, THREE[::-1], created_at=NOON.replace(hour=18))
    assert again == first
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "change",
    [{"version": "4"}, {"as_of": date(2026, 4, 1)}, {"data_fingerprint": "decade"}],
    ids=lambda change: next(iter(change)),
)
def test_another_input_makes_another_set(tmp_path, change):
    assert written(tmp_path, THREE, **change).id != written(tmp_path, THREE).id


def test_a_missing_part_is_named(tmp_path):
    score_set = written(tmp_path, THREE)
    parts(tmp_path, score_set)[0].unlink()
    with pytest.raises(DamagedScoreSetError, match=r"part-00000\.parquet is missing, expected"):
        read_score_set(tmp_path, "card_uptake", score_set.id)


def test_a_part_cut_short_is_noticed_by_its_size(tmp_path):
    score_set = written(tmp_path, THREE)
    (file,) = parts(tmp_path, score_set)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DamagedScoreSetError, match=r"bytes, expected"):
        read_score_set(tmp_path, "card_uptake", score_set.id)


def test_a_changed_byte_is_noticed_by_the_full_check(tmp_path):
    score_set = written(tmp_path, THREE)
    (file,) = parts(tmp_path, score_set)
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(content)
    assert read_score_set(tmp_path, "card_uptake", score_set.id) == score_set
    with pytest.raises(DamagedScoreSetError, match="has been changed"):
        verify_score_set(tmp_path, score_set)


def test_a_damaged_set_is_replaced_by_writing_it_again(tmp_path):
    score_set = written(tmp_path, THREE)
    parts(tmp_path, score_set)[0].unlink()
    written(tmp_path, THREE)
    assert len(ranked(tmp_path, score_set)) == 3


def test_a_manifest_that_is_not_json_is_damage(tmp_path):
    score_set = written(tmp_path, THREE)
    manifest = score_set_folder(tmp_path, "card_uptake", score_set.id) / "manifest.json"
    manifest.write_text(json.dumps({"id": score_set.id}))
    with pytest.raises(DamagedScoreSetError, match=r"manifest\.json does not describe"):
        read_score_set(tmp_path, "card_uptake", score_set.id)


def test_a_set_that_was_never_written_is_unknown(tmp_path):
    with pytest.raises(UnknownScoreSetError, match="shortlist score"):
        read_score_set(tmp_path, "card_uptake", "2026-03-01-000000000000")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"customer_id": "ann"}], "either probability or effect"),
        ([{"probability": 0.5}], "no column customer_id"),
        ([{"customer_id": "ann", "probability": 0.5, "age": 7}], "no column age"),
        ([{"customer_id": "ann", "probability": 1.5}], r"outside \[0, 1\]"),
        ([{"customer_id": "ann", "probability": float("nan")}], "missing probability"),
        ([{"customer_id": None, "probability": 0.5}], "missing customer_id"),
        ([{"customer_id": "ann", "effect": float("inf")}], "an infinite effect"),
        ([{"customer_id": "ann", "probability": 0.5}] * 2, "repeat a customer_id"),
    ],
)
def test_scores_that_cannot_be_ranked_are_refused(tmp_path, rows, message):
    with pytest.raises(InvalidScoresError, match=message):
        written(tmp_path, rows)
    assert not list(tmp_path.rglob("*.parquet"))


def test_not_a_number_in_a_bound_is_refused(tmp_path):
    row = {"customer_id": "ann", "probability": 0.5, "low": float("nan"), "high": 0.6}
    with pytest.raises(InvalidScoresError, match="NaN in low"):
        written(tmp_path, pa.Table.from_pylist([row]))


def test_more_scored_than_known_is_refused(tmp_path):
    with pytest.raises(InvalidScoresError, match="only 2 are known"):
        written(tmp_path, THREE, base=2)


def test_a_pair_of_customer_and_product_occurs_once_but_a_customer_often(tmp_path):
    rows = [
        {"customer_id": "ann", "product_id": "camera", "probability": 0.1},
        {"customer_id": "ann", "product_id": "tripod", "probability": 0.3},
    ]
    score_set = written(tmp_path, rows, unit="pair")
    assert [row["product_id"] for row in ranked(tmp_path, score_set)] == ["tripod", "camera"]
    assert (score_set.rows, score_set.customers) == (2, 1)


def test_nobody_eligible_is_a_set_without_rows(tmp_path):
    nobody = pd.DataFrame({"customer_id": pd.Series(dtype=str), "effect": pd.Series(dtype=float)})
    score_set = written(tmp_path, nobody)
    assert (score_set.rows, score_set.value) == (0, "effect")
    assert [path.name for path in parts(tmp_path, score_set)] == ["part-00000.parquet"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text("abc", min_size=1), st.floats(0, 1), max_size=40))
def test_the_order_of_the_input_never_matters(tmp_path_factory, scores):
    rows = [{"customer_id": name, "probability": p} for name, p in scores.items()]
    frame = pd.DataFrame(rows, columns=["customer_id", "probability"])
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    forth = written(one, frame, base=40)
    back = written(two, frame[::-1], base=40)
    assert forth.files == back.files
