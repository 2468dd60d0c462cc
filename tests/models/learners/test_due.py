import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.learners import due_window


def curve(*probability_by_period):
    return pd.DataFrame([1 - np.cumsum(probability_by_period)], index=["ann"])


def test_a_purchase_is_due_when_it_is_more_likely_than_not():
    assert due_window(curve(0.2, 0.29, 0.02)).loc["ann", "due"] == 3
    assert np.isnan(due_window(curve(0.2, 0.2)).loc["ann", "due"])


def test_the_window_covers_the_peak_and_not_the_first_periods():
    window = due_window(curve(0.05, 0.05, 0.3, 0.3, 0.05), share=0.8).loc["ann"]
    assert (window["opens"], window["closes"]) == (3, 4)
    assert window["probability"] == pytest.approx(0.75)


def test_contact_is_made_ahead_but_never_before_today():
    window = due_window(curve(0.0, 0.0, 0.4, 0.4), share=1, lead=2).loc["ann"]
    assert (window["opens"], window["closes"]) == (1, 2)
    window = due_window(curve(0.4, 0.4, 0.0, 0.0), share=1, lead=2).loc["ann"]
    assert (window["opens"], window["closes"]) == (1, 1)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=12).filter(any), st.floats(0.01, 1))
def test_no_shorter_window_holds_the_share(weights, share):
    f = np.array(weights) / (sum(weights) + 5)
    window = due_window(curve(*f), share=share).loc["ann"]
    opens, closes = int(window["opens"]), int(window["closes"])
    assert f[opens - 1 : closes].sum() >= share * f.sum() - 1e-9
    length = closes - opens
    shorter = [f[i : i + length].sum() for i in range(len(f) - length + 1)] if length else [0]
    assert max(shorter) < share * f.sum() + 1e-9


def test_a_curve_that_rises_is_refused():
    with pytest.raises(ValueError, match="rises over time"):
        due_window(pd.DataFrame([[0.5, 0.6]]))
    with pytest.raises(ValueError, match="a share in"):
        due_window(curve(0.5), share=0)
