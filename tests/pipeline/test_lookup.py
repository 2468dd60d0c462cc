"""The scores of one customer are those of the score set, whoever else is in it."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scored import many, store

from pipeline.lookup import Lookup, lookup_path
from pipeline.score_set import score_set_folder

PRODUCTS = ("camera", "lens", "tripod")


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """20,000 customers with three products each, in many groups of rows."""
    artifacts = tmp_path_factory.mktemp("artifacts")
    frame = pd.DataFrame(
        [
            {"customer_id": f"c{n:05}", "product_id": product, "probability": (n * 7 + k) % 97 / 97}
            for n in range(20_000)
            for k, product in enumerate(PRODUCTS)
        ]
    )
    return artifacts, store(artifacts, frame), frame.set_index("customer_id")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(0, 21_000), min_size=1, max_size=30, unique=True))
def test_rows_are_those_of_the_customers_asked_for_best_first(pairs, numbers):
    artifacts, score_set, frame = pairs
    names = [f"c{number:05}" for number in numbers]
    found = Lookup(artifacts).rows(score_set, names).to_pandas()
    known = sorted(name for name in names if name in frame.index)
    assert found["customer_id"].tolist() == [name for name in known for _ in PRODUCTS]
    for name, own in found.groupby("customer_id"):
        expected = frame.loc[name].sort_values("probability", ascending=False)
        assert own["probability"].tolist() == expected["probability"].tolist()
        assert set(own["product_id"]) == set(PRODUCTS)


@pytest.mark.parametrize("name", ["", "a", "zzz", "c", "c00000x", "王"])
def test_who_has_no_score_has_no_row(pairs, name):
    artifacts, score_set, _ = pairs
    assert len(Lookup(artifacts).rows(score_set, [name])) == 0


def test_a_set_of_nobody_has_no_rows(tmp_path):
    nobody = pd.DataFrame({"customer_id": [], "probability": []}, dtype=float)
    score_set = store(tmp_path, nobody.astype({"customer_id": str}), base=3)
    assert len(Lookup(tmp_path).rows(score_set, ["ann"])) == 0


def test_a_rewritten_set_is_read_anew_and_the_old_copy_is_gone(tmp_path):
    first = store(tmp_path, many(10))
    lookup = Lookup(tmp_path)
    assert len(lookup.rows(first, ["c00001"])) == 1
    rewritten = first.model_copy(update={"revision": 2})
    assert len(lookup.rows(rewritten, ["c00001"])) == 1
    assert not lookup_path(tmp_path, first).exists()


def test_copies_of_sets_that_are_gone_are_removed_with_the_next(tmp_path):
    old, new = store(tmp_path, many(10)), store(tmp_path, many(12), version="2")
    lookup = Lookup(tmp_path)
    lookup.rows(old, ["c00001"])
    score_set_folder(tmp_path, old.model, old.id).rename(tmp_path / "elsewhere")
    lookup.rows(new, ["c00001"])
    assert [path.exists() for path in (lookup_path(tmp_path, one) for one in (old, new))] == [
        False,
        True,
    ]


def test_a_copy_that_was_deleted_is_made_again(tmp_path):
    score_set = store(tmp_path, many(10))
    lookup = Lookup(tmp_path)
    lookup.rows(score_set, ["c00001"])
    lookup_path(tmp_path, score_set).unlink()
    assert len(lookup.rows(score_set, ["c00001"])) == 1
