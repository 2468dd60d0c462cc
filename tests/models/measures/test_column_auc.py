"""One column against the outcome: the better direction, whatever the column is made of."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.measures import MeasureError, roc_auc
from models.measures.column_auc import column_auc

BOTH = st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=2, max_size=40).filter(
    lambda rows: len({y for y, _ in rows}) == 2
)


@given(BOTH)
def test_a_number_is_judged_by_its_roc_auc_in_the_better_direction(rows):
    y, value = zip(*rows, strict=True)
    area = roc_auc(np.array(y, dtype=float), np.array(value, dtype=float))
    found = column_auc(y, pd.DataFrame({"value": value}))["value"]
    assert found == pytest.approx(max(area, 1 - area))


@given(BOTH, st.data())
def test_missing_values_count_as_lowest_or_as_highest_whichever_tells_more(rows, data):
    y, value = zip(*rows, strict=True)
    missing = data.draw(st.lists(st.booleans(), min_size=len(y), max_size=len(y)))
    column = pd.Series(value, dtype=float).mask(missing)
    filled = pd.DataFrame({"low": column.fillna(-99), "high": column.fillna(99)})
    assert column_auc(y, column.to_frame("value"))["value"] == pytest.approx(
        column_auc(y, filled).max()
    )


def test_a_category_that_follows_the_outcome_is_found():
    y = np.arange(400) % 2
    X = pd.DataFrame({"status": np.where(y == 1, "won", "open"), "day": ["mon", "tue"][0]})
    found = column_auc(y, X)
    assert found["status"] == 1.0
    assert found["day"] == 0.5


def test_a_category_of_its_own_for_every_row_tells_nothing():
    y = np.arange(400) % 2
    assert column_auc(y, pd.DataFrame({"id": [f"c{n}" for n in range(400)]}))["id"] == 0.5


def test_truth_values_and_nullable_numbers_are_numbers():
    X = pd.DataFrame(
        {
            "flag": [True, False, True, False],
            "count": pd.array([3, None, 4, None], dtype="Int64"),
        }
    )
    assert column_auc([1, 0, 1, 0], X).to_dict() == {"count": 1.0, "flag": 1.0}


def test_one_outcome_alone_is_refused():
    with pytest.raises(MeasureError, match="column_auc"):
        column_auc([1, 1], pd.DataFrame({"value": [1, 2]}))
