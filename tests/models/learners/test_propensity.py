"""The learner on frames as they come: it learns, calibrates, explains, saves and refuses."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from models.learners import FrameError, PropensityClassifier


def customers(rows=1500, seed=0):
    """Members with every kind of column, and whether they took the card."""
    random = np.random.default_rng(seed)
    recency = random.integers(0, 365, rows).astype(float)
    city = random.choice(["Taipei", "Tainan", "Hualien"], rows, p=[0.6, 0.3, 0.1])
    frame = pd.DataFrame(
        {
            "recency_days": np.where(random.random(rows) < 0.1, np.nan, recency),
            "city": pd.Series(city).where(random.random(rows) > 0.05, None),
            "tier": pd.Categorical(random.choice(["gold", "silver"], rows)),
            "orders": pd.array(random.poisson(2, rows), dtype="Int64"),
            "newsletter": pd.array(random.random(rows) < 0.5, dtype="boolean"),
            "joined_on": [
                datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=int(d))
                for d in random.integers(0, 999, rows)
            ],
        }
    )
    log_odds = -1 - recency / 200 + (city == "Taipei") + 0.2 * frame["orders"].to_numpy(float)
    return frame, (random.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(int)


def small(**parameters):
    return PropensityClassifier(**{"trees": 30, "threads": 1} | parameters)


def test_saved_model_scores_as_before_and_holds_no_pickle(tmp_path):
    X, y = customers()
    learner = small(bags=2).fit(X, y)
    learner.save(tmp_path / "model")
    again = PropensityClassifier.load(tmp_path / "model")
    assert (again.predict_proba(X) == learner.predict_proba(X)).all()
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".txt"}


def test_same_data_and_seed_give_the_same_files(tmp_path):
    X, y = customers()
    for name in ("first", "again"):
        small(seed=7).fit(X, y).save(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert "model.json" in files
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("calibration", ["beta", "platt", "isotonic", "none"])
def test_reasons_add_up_to_the_score(calibration):
    X, y = customers()
    learner = small(calibration=calibration).fit(X, y)
    reasons = learner.explain(X.head(200))
    assert list(reasons.columns) == ["(base)", *X.columns]
    np.testing.assert_allclose(
        reasons.sum(axis=1), learner.predict_proba(X.head(200))[:, 1], atol=1e-12
    )


def test_expected_takers_are_those_that_came():
    X, y = customers(rows=4000)
    new, outcome = customers(rows=4000, seed=1)
    promised = PropensityClassifier(threads=1).fit(X, y).predict_proba(new)[:, 1]
    assert outcome.sum() / promised.sum() == pytest.approx(1, abs=0.08)


def test_calibration_rows_set_the_level():
    X, y = customers(rows=3000)
    later, outcome = customers(rows=3000, seed=1)
    outcome = np.where(np.random.default_rng(2).random(3000) < 0.5, outcome, 0)
    learner = small().fit(X, y, X_cal=later, y_cal=outcome)
    assert learner.predict_proba(later)[:, 1].mean() == pytest.approx(outcome.mean(), rel=0.01)


def test_reordered_and_surplus_columns_change_nothing():
    X, y = customers()
    learner = small().fit(X, y)
    turned = X[X.columns[::-1]].assign(note="x")
    assert (learner.predict_proba(turned) == learner.predict_proba(X)).all()


def test_missing_columns_are_named():
    X, y = customers()
    learner = small().fit(X, y)
    with pytest.raises(FrameError, match=r"lacks 2 of the 6 columns .*: city, orders\. Add them"):
        learner.predict_proba(X.drop(columns=["orders", "city"]))


def test_unseen_category_is_scored_as_too_rare_to_know():
    X, y = customers()
    X.loc[:20, "city"] = [f"village {i}" for i in range(21)]
    learner = small().fit(X, y)
    new = X.tail(50).assign(city="Kyoto")
    rare = X.tail(50).assign(city="village 3")
    assert (learner.predict_proba(new) == learner.predict_proba(rare)).all()
    assert learner.encoder_.unknown_shares(new) == {"city": 1.0, "tier": 0.0}


def test_column_without_a_value_is_harmless():
    X, y = customers()
    learner = small().fit(X.assign(empty=np.nan), y)
    assert np.isfinite(learner.predict_proba(X.assign(empty=3.0))).all()


def test_duplicate_index_is_matched_by_position():
    X, y = customers()
    plain = small().fit(X, y).predict_proba(X)
    X.index = pd.Index([0] * len(X))
    repeated = small().fit(X, pd.Series(y, index=X.index)).predict_proba(X)
    assert (plain == repeated).all()


def test_outcomes_in_another_order_are_refused():
    X, y = customers()
    with pytest.raises(FrameError, match="in another order"):
        small().fit(X, pd.Series(y, index=X.index).sample(frac=1, random_state=0))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (np.zeros_like, "one class only: all 1500 outcomes are 0"),
        (np.ones_like, "one class only: all 1500 outcomes are 1"),
        (lambda y: y + 1, "y holds 1, 2, but an outcome is 0 or 1"),
        (lambda y: np.where(y == 1, "yes", "no"), "y holds no, yes, but an outcome is 0 or 1"),
        (lambda y: np.where(np.arange(y.size) < 3, np.nan, y), "3 missing values"),
        (lambda y: y[:-1], "one outcome per row"),
    ],
)
def test_outcomes_that_cannot_be_learned_are_refused(spoil, message):
    X, y = customers()
    with pytest.raises(FrameError, match=message):
        small().fit(X, spoil(y))


def test_infinite_number_is_refused_by_column():
    X, y = customers()
    X.loc[3, "recency_days"] = np.inf
    with pytest.raises(FrameError, match="infinity in recency_days"):
        small().fit(X, y)


def test_text_where_numbers_were_learned_is_refused_by_column():
    X, y = customers()
    learner = small().fit(X, y)
    with pytest.raises(FrameError, match="recency_days was a number in training"):
        learner.predict_proba(X.assign(recency_days="long ago"))


def test_column_of_lists_is_refused_by_name():
    X, y = customers()
    with pytest.raises(FrameError, match="column basket holds values of kind"):
        small().fit(X.assign(basket=[["milk"]] * len(X)), y)


def test_latest_rows_decide_on_the_number_of_trees_where_time_is_known():
    X, y = customers(rows=3000)
    day = pd.date_range("2024-01-01", periods=3000, freq="h", tz="UTC")
    y[2400:] = np.random.default_rng(5).permutation(y[2400:])  # the ranking broke down
    warned = PropensityClassifier(threads=1).fit(X, y, time=day)
    unaware = PropensityClassifier(threads=1).fit(X, y)
    most = [max(b.num_trees() for b in m.trees_.boosters) for m in (warned, unaware)]
    assert most[0] < most[1] / 2


def test_missing_time_is_refused():
    X, y = customers()
    with pytest.raises(FrameError, match="1 missing values; say when each of the 1500 rows was"):
        small().fit(X, y, time=[None] + [1] * 1499)


def test_customer_is_never_on_both_sides_of_a_held_out_part():
    X, y = customers(rows=300)
    fourfold = np.tile(np.arange(300), 4)
    X, y = X.iloc[fourfold].reset_index(drop=True), y[fourfold]
    alone = small().fit(X, y)
    grouped = small().fit(X, y, groups=fourfold)
    # Copies of a held-out row give its outcome away, and trees learn them by heart.
    assert grouped.predict_proba(X)[:, 1].std() < 0.7 * alone.predict_proba(X)[:, 1].std()


def test_one_thread_and_two_give_the_same_scores():
    X, y = customers(rows=300)
    one, two = (small(threads=n, trees=5).fit(X, y).predict_proba(X) for n in (1, 2))
    assert (one == two).all()


def test_calibration_rows_without_outcomes_are_refused():
    X, y = customers()
    with pytest.raises(FrameError, match="X_cal and y_cal belong together"):
        small().fit(X, y, X_cal=X)


def test_folder_of_another_learner_is_refused(tmp_path):
    X, y = customers()
    small().fit(X, y).save(tmp_path)
    text = (tmp_path / "model.json").read_text(encoding="utf-8")
    (tmp_path / "model.json").write_text(text.replace('"format": 1', '"format": 9'), "utf-8")
    with pytest.raises(FrameError, match="of format 9"):
        PropensityClassifier.load(tmp_path)


def test_nobody_to_score_gets_an_empty_answer():
    X, y = customers()
    learner = small().fit(X, y)
    assert learner.predict_proba(X.head(0)).shape == (0, 2)
    assert list(learner.explain(X.head(0)).columns) == ["(base)", *X.columns]


def test_calibration_rows_of_one_class_are_refused_by_name():
    X, y = customers()
    with pytest.raises(FrameError, match="y_cal has one class only"):
        small().fit(X, y, X_cal=X, y_cal=np.zeros(len(X)))
