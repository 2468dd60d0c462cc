import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from models.measures import (
    hit_rate_at,
    mean_average_precision_at,
    ndcg_at,
    ranking_by_group,
    recall_at,
)

NOT_RETRIEVED = float("-inf")


def test_average_precision_is_that_of_a_list_worked_out_by_hand():
    bought = [1, 0, 1, 0, 1]
    score = [5, 4, 3, 2, NOT_RETRIEVED]
    # Hits at places 1 and 3; three purchases, one of them out of reach.
    by_hand = (1 / 1 + 2 / 3) / 3
    assert mean_average_precision_at(bought, score, ["ann"] * 5, k=12) == pytest.approx(by_hand)


def test_a_list_full_of_purchases_has_average_precision_1_though_more_was_bought():
    assert mean_average_precision_at([1] * 5, range(5), ["ann"] * 5, k=2) == 1
    assert recall_at([1] * 5, range(5), ["ann"] * 5, k=2) == pytest.approx(2 / 5)


def test_a_group_without_purchases_is_left_out_and_not_counted_as_zero():
    values = ranking_by_group([1, 0], [1, 1], ["ann", "bob"], k=1)
    assert values.index.tolist() == ["ann"]
    assert hit_rate_at([1, 0], [1, 1], ["ann", "bob"], k=1) == 1


def test_weighting_a_group_is_repeating_it_under_another_name():
    bought, score, group = [1, 0, 0, 1], [2, 1, 2, 1], ["ann", "ann", "bob", "bob"]
    weighted = ndcg_at(bought, score, group, k=2, weight=[1, 1, 2, 2])
    repeated = ndcg_at([*bought, 0, 1], [*score, 2, 1], [*group, "bob 2", "bob 2"], k=2)
    assert weighted == pytest.approx(repeated)
    assert np.isnan(ndcg_at(bought, score, group, k=2, weight=[0] * 4))


def test_equal_scores_keep_the_order_of_the_rows():
    assert hit_rate_at([1, 0], [7, 7], ["ann", "ann"], k=1) == 1
    assert hit_rate_at([0, 1], [7, 7], ["ann", "ann"], k=1) == 0


def test_groups_may_be_interleaved():
    bought, score = [1, 0, 0, 1], [2, 2, 1, 1]
    values = ranking_by_group(bought, score, ["ann", "bob", "ann", "bob"], k=1)
    assert values["hit"].to_dict() == {"ann": 1, "bob": 0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": [1], "score": [1, 2], "group": ["ann"], "k": 1}, "1 rows, score 2"),
        ({"y": [1], "score": [1], "group": ["ann"], "k": 0}, "at least 1 item"),
        ({"y": [1], "score": [np.nan], "group": ["ann"], "k": 1}, "1 scores are missing"),
        ({"y": [2], "score": [1], "group": ["ann"], "k": 1}, "other than 0 and 1"),
        ({"y": [0], "score": [1], "group": ["ann"], "k": 1}, "holds no 1"),
    ],
)
def test_input_that_cannot_be_judged_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ranking_by_group(**arguments)


rankings = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.one_of(st.just(NOT_RETRIEVED), st.integers(-3, 3).map(float)),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=40,
).filter(lambda rows: any(bought for bought, _, _ in rows))


@given(rankings, st.integers(1, 8))
def test_values_equal_those_of_a_plain_loop_over_groups(rows, k):
    frame = pd.DataFrame(rows, columns=["bought", "score", "group"])
    values = ranking_by_group(frame["bought"], frame["score"], frame["group"], k=k)
    bought_anything = frame.groupby("group")["bought"].sum() > 0
    assert values.index.tolist() == bought_anything[bought_anything].index.tolist()
    for name, part in frame.groupby("group"):
        if not part["bought"].any():
            continue
        ordered = sorted(zip(part["bought"], part["score"], strict=True), key=lambda row: -row[1])
        shown = [b for b, s in ordered if s > NOT_RETRIEVED][:k]
        total = part["bought"].sum()
        precision = [sum(shown[: i + 1]) / (i + 1) for i in range(len(shown))]
        expected = sum(p * b for p, b in zip(precision, shown, strict=True)) / min(total, k)
        assert values.loc[name, "average_precision"] == pytest.approx(expected)
        assert values.loc[name, "recall"] == pytest.approx(sum(shown) / total)
        assert values.loc[name, "hit"] == float(any(shown))


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_ndcg_equals_scikit_learns_where_all_is_retrieved(seed, k):
    rng = np.random.default_rng(seed)
    bought = rng.integers(0, 2, size=10)
    bought[0] = 1
    score = rng.permutation(10).astype(float)
    ours = ndcg_at(bought, score, np.zeros(10), k=k)
    assert ours == pytest.approx(ndcg_score([bought], [score], k=k))


@given(rankings, st.integers(1, 8))
def test_all_values_lie_between_0_and_1_and_grow_no_smaller_when_a_purchase_moves_to_the_top(
    rows, k
):
    frame = pd.DataFrame(rows, columns=["bought", "score", "group"])
    before = ranking_by_group(frame["bought"], frame["score"], frame["group"], k=k)
    assert before.to_numpy().min() >= 0
    assert before.to_numpy().max() <= 1 + 1e-12
    purchase = frame["bought"].idxmax()
    frame.loc[purchase, "score"] = 10
    after = ranking_by_group(frame["bought"], frame["score"], frame["group"], k=k)
    assert (after >= before - 1e-12).to_numpy().all()
