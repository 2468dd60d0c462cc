"""The linear partner speaks where it helps, and only there."""

import numpy as np
import pandas as pd
import pytest

from models.learners import LogisticBaseline, PropensityClassifier
from models.measures import log_loss, roc_auc


def rows(log_odds, X, seed=0):
    return (np.random.default_rng(seed).random(len(X)) < 1 / (1 + np.exp(-log_odds))).astype(int)


def numbers(count, columns=8, seed=1):
    values = np.random.default_rng(seed).normal(size=(count, columns))
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(columns)])


def test_straight_truth_is_left_to_the_line():
    X, new = numbers(800), numbers(5000, seed=2)
    y, outcome = rows(X.sum(axis=1) - 1, X), rows(new.sum(axis=1) - 1, new)
    blended = PropensityClassifier(threads=1).fit(X, y)
    trees_only = PropensityClassifier(threads=1, blend=False).fit(X, y)
    assert blended.linear_share_ > 0.5
    ours, theirs = (m.predict_proba(new)[:, 1] for m in (blended, trees_only))
    assert log_loss(outcome, ours) < log_loss(outcome, theirs)


def test_truth_without_a_line_is_left_to_the_trees():
    X = numbers(4000)
    y = rows(2 * np.sign(X["x0"] * X["x1"]) - 1, X)
    learner = PropensityClassifier(threads=1).fit(X, y)
    assert learner.linear_share_ == 0
    assert learner.linear_ is None


def test_blended_model_is_explained_and_restored(tmp_path):
    X = numbers(800)
    learner = PropensityClassifier(threads=1).fit(X, rows(X.sum(axis=1), X))
    assert learner.linear_share_ > 0
    score = learner.predict_proba(X)[:, 1]
    assert learner.explain(X).sum(axis=1).to_numpy() == pytest.approx(score, abs=1e-12)
    learner.save(tmp_path)
    assert (PropensityClassifier.load(tmp_path).predict_proba(X)[:, 1] == score).all()


def test_promised_direction_holds_for_every_customer():
    X = numbers(2000)
    y = rows(np.sin(3 * X["x0"]) - 1, X)
    learner = PropensityClassifier(threads=1, monotone={"x0": 1}).fit(X, y)
    ladder = (
        X.iloc[:1].drop(columns="x0").merge(pd.DataFrame({"x0": np.linspace(-2, 2, 50)}), "cross")
    )
    assert (np.diff(learner.predict_proba(ladder)[:, 1]) >= -1e-12).all()


def test_logistic_baseline_copes_with_tails_text_and_missing_values():
    random = np.random.default_rng(0)
    spent = random.lognormal(3, 2, 4000)
    X = pd.DataFrame({"spent": np.where(random.random(4000) < 0.1, np.nan, spent)})
    X["tier"] = random.choice(["gold", "silver"], 4000)
    y = rows(np.log(spent) - 4 + (X["tier"] == "gold"), X)
    score = LogisticBaseline().fit(X, y).predict_proba(X)[:, 1]
    assert roc_auc(y, score) > 0.85
    assert score.sum() == pytest.approx(y.sum(), rel=0.01)


def test_text_never_seen_is_scored_as_the_average_of_all():
    X = pd.DataFrame({"tier": ["gold"] * 900 + ["silver"] * 100})
    learner = LogisticBaseline().fit(X, np.arange(1000) % 10 == 0)
    terms = learner.linear_.contributions(learner.encoder_.transform(X))
    assert terms.mean() == pytest.approx(0, abs=1e-12)
    new = learner.linear_.contributions(learner.encoder_.transform(pd.DataFrame({"tier": ["tin"]})))
    assert new.tolist() == [[0]]
