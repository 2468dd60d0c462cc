"""The encoder gives every value the number that training gave it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.learners.encoder import MISSING, UNKNOWN, FrameEncoder
from models.learners.frame import FrameError


def codes(train, new=None):
    """Codes of one column after training on another."""
    encoder = FrameEncoder(min_rows=1).fit(pd.DataFrame({"c": train}))
    return encoder.transform(pd.DataFrame({"c": train if new is None else new}))[:, 0].tolist()


def test_most_frequent_text_comes_first_and_ties_go_by_alphabet():
    assert codes(["b", "a", "c", "c", None]) == [4, 3, 2, 2, MISSING]


def test_unseen_text_is_unknown_and_not_missing():
    assert codes(["a", "b"], ["z", None]) == [UNKNOWN, MISSING]


def test_text_seen_too_rarely_is_unknown_in_training_too():
    encoder = FrameEncoder(min_rows=2).fit(pd.DataFrame({"c": ["a", "a", "b"]}))
    assert encoder.transform(pd.DataFrame({"c": ["a", "b"]}))[:, 0].tolist() == [2, UNKNOWN]


@given(st.lists(st.sampled_from(["Taipei", "臺南", "", None]), min_size=1))
def test_text_is_coded_alike_whatever_pandas_type_holds_it(values):
    as_object = codes(pd.Series(values, dtype=object).where(lambda s: s.notna(), None).fillna("x"))
    as_string = codes(pd.Series(values, dtype="str").fillna("x"))
    as_category = codes(pd.Series(values, dtype="str").fillna("x").astype("category"))
    assert as_object == as_string == as_category


def test_category_of_numbers_is_text():
    assert codes(pd.Categorical([1, 1, 2]), pd.Categorical([2, 3, 1])) == [3, UNKNOWN, 2]


def test_numbers_flags_and_dates_become_numbers_with_nan_for_missing():
    frame = pd.DataFrame(
        {
            "orders": pd.array([1, None], dtype="Int64"),
            "newsletter": pd.array([True, None], dtype="boolean"),
            "spent": [Decimal("1.5"), None],
            "born": [date(1970, 1, 2), None],
            "joined": [datetime(1970, 1, 1, 12, tzinfo=UTC), None],
            "member": [True, False],
        }
    )
    np.testing.assert_array_equal(
        FrameEncoder().fit(frame).transform(frame),
        [[1, 1, 1.5, 1, 0.5, 1], [np.nan, np.nan, np.nan, np.nan, np.nan, 0]],
    )


def test_restored_encoder_gives_the_same_matrix():
    frame = pd.DataFrame({"city": ["Taipei", "Tainan", None], "age": [31, None, 8]})
    encoder = FrameEncoder(min_rows=1).fit(frame)
    again = FrameEncoder.from_json(encoder.to_json())
    np.testing.assert_array_equal(again.transform(frame), encoder.transform(frame))


def test_two_columns_of_one_name_are_refused():
    frame = pd.DataFrame([[1, 2]], columns=["age", "age"])
    with pytest.raises(FrameError, match="several columns named age"):
        FrameEncoder().fit(frame)
