"""Two samples of the same rows cannot be told apart; one changed column gives them away."""

import numpy as np
import pandas as pd
import pytest

from models.measures.adversarial import adversarial_auc
from models.measures.null_auc import null_auc
from models.measures.roc_auc import roc_auc


def rows(count, seed):
    random = np.random.default_rng(seed)
    return pd.DataFrame({f"x{n}": random.normal(size=count) for n in range(4)})


def area(before, after, groups=None):
    X = pd.concat([before, after], ignore_index=True)
    groups = np.arange(len(X)) if groups is None else groups
    return adversarial_auc(X, np.repeat([0, 1], [len(before), len(after)]), groups=groups)


def test_two_samples_of_the_same_rows_are_alike():
    assert area(rows(2000, 1), rows(2000, 2)) == pytest.approx(0.5, abs=0.05)


def test_a_column_in_another_unit_gives_the_samples_away():
    after = rows(2000, 2).assign(x1=lambda frame: frame.x1 * 100)
    assert area(rows(2000, 1), after) > 0.95


def test_a_column_that_is_not_filled_yet_gives_the_samples_away():
    assert area(rows(2000, 1), rows(2000, 2).assign(x1=np.nan)) > 0.99


def test_customers_in_both_samples_are_not_recognised():
    before = rows(2000, 1)
    after = before + np.random.default_rng(3).normal(scale=0.01, size=before.shape)
    groups = np.tile(np.arange(2000), 2)
    assert area(before, after, groups) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("positives", [20, 200])
def test_the_interval_holds_a_score_that_knows_nothing_as_often_as_it_says(positives):
    random = np.random.default_rng(7)
    y = np.repeat([1.0, 0.0], [positives, 400])
    low, high = null_auc(positives, 400, level=0.9)
    areas = [roc_auc(y, random.normal(size=len(y))) for _ in range(1000)]
    held = np.mean([low <= one <= high for one in areas])
    assert held == pytest.approx(0.9, abs=0.03)  # three standard errors of 1000 draws
