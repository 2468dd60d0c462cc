"""Where scikit-learn has the same measure, ours gives the same number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from models.measures import brier, log_loss, pr_auc, roc_auc

PAIRS = [
    (roc_auc, metrics.roc_auc_score),
    (pr_auc, metrics.average_precision_score),
    (log_loss, metrics.log_loss),
    (brier, metrics.brier_score_loss),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@given(seed=st.integers(0, 10_000), levels=st.integers(2, 50))
def test_weighted_and_tied_scores_are_measured_alike(ours, theirs, seed, levels):
    random = np.random.default_rng(seed)
    y = np.concatenate(([0, 1], random.integers(0, 2, 60)))
    score = random.integers(1, levels + 1, y.size) / (levels + 2)
    weight = random.uniform(0.1, 3, y.size)
    assert ours(y, score) == pytest.approx(theirs(y, score))
    assert ours(y, score, weight=weight) == pytest.approx(theirs(y, score, sample_weight=weight))
