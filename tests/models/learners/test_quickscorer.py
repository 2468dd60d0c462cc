import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.learners import QuickScorer
from models.learners.lightgbm_text import CATEGORICAL, parsed
from models.learners.quickscorer_kernel import BLOCK, ZERO

CATEGORIES = [3, 4]


def rows(seed, n=400, *, missing=0.1, zeros=0.2):
    """Three numbers, a category of few values and one of more than 64."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    X[rng.random(X.shape) < zeros] = 0
    X[:, 3] = rng.integers(0, 6, size=n)
    X[:, 4] = rng.integers(0, 90, size=n)
    X[rng.random(X.shape) < missing] = np.nan
    return X


def booster(seed, *, trees=12, missing=0.1, **parameters):
    rng = np.random.default_rng(seed)
    X = rows(seed, missing=missing)
    signal = np.nan_to_num(X[:, 0]) + (X[:, 3] % 2 == 0) + (X[:, 4] % 7 > 3) + np.isnan(X[:, 1])
    y = signal + rng.normal(size=len(X)) > 1
    data = lightgbm.Dataset(X, label=y.astype(int), categorical_feature=CATEGORIES)
    settled = {
        "objective": "binary",
        "num_leaves": 15,
        "min_data_in_leaf": 3,
        "min_data_per_group": 3,
        "cat_smooth": 1,
        "num_threads": 1,
        "verbosity": -1,
    }
    return lightgbm.train(settled | parameters, data, trees)


def edge_rows(model, n=700, seed=0):
    """Rows made of thresholds, their neighbours, and all that compares strangely."""
    rng = np.random.default_rng(seed)
    strange = [0.0, -0.0, np.nan, np.inf, -np.inf, ZERO, -ZERO, 1e-36, -1e-36, 5e-324, 1e300]
    strange += [-0.5, -1, -1.5, 0.99, 5.5, 31, 32, 63, 64, 89, 90, 1e6, 2**31, -(2.0**31), 1e18]
    X = rng.choice(strange, size=(n, 5))
    for tree in parsed(model.model_to_string()).trees:
        for node in np.flatnonzero((tree.decision & CATEGORICAL) == 0):
            t = tree.threshold[node]
            near = [t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf)]
            single = np.float32(t)
            near += [single, np.nextafter(single, np.float32(np.inf))]
            X[rng.integers(0, n, size=8), tree.feature[node]] = rng.choice(near, size=8)
    return X


def assert_same_bits(model, X, **options):
    ours = QuickScorer(model)
    with np.errstate(over="ignore"):
        single = X.astype(np.float32)
    for values in (X, single):
        expected = model.predict(values, num_threads=1, **options)
        np.testing.assert_array_equal(ours.predict(values, **options), expected)


KINDS = {
    "plain": {},
    "without missing values in training": {"missing": 0.0},
    "zero as missing": {"zero_as_missing": True},
    "missing not used": {"use_missing": False},
    "up to 64 leaves": {"num_leaves": 64, "min_data_in_leaf": 1},
    "stumps": {"num_leaves": 2},
    "bagged": {"bagging_fraction": 0.5, "bagging_freq": 1, "learning_rate": 0.3},
    "dart": {"boosting": "dart"},
    "ranked": {"objective": "regression"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_those_of_lightgbm_to_the_bit(kind):
    model = booster(1, **KINDS[kind])
    assert QuickScorer(model).fallback is None
    for X in (rows(2), edge_rows(model)):
        assert_same_bits(model, X)
        assert_same_bits(model, X, raw_score=True)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(2, 64),
    st.sampled_from([{}, {"zero_as_missing": True}, {"use_missing": False}]),
    st.sampled_from([0.0, 0.3]),
)
def test_any_model_is_predicted_to_the_bit_on_edge_rows(seed, leaves, rule, missing):
    model = booster(seed, trees=4, num_leaves=leaves, missing=missing, **rule)
    assert_same_bits(model, edge_rows(model, n=300, seed=seed))


def test_missing_values_go_right_of_a_threshold_that_is_infinite():
    model = booster(7)
    assert any(np.isinf(tree.threshold).any() for tree in parsed(model.model_to_string()).trees)
    assert_same_bits(model, edge_rows(model))


def test_the_edge_rows_tell_a_threshold_from_its_neighbours():
    model = booster(1)
    X = edge_rows(model)
    moved = np.nextafter(X, np.float64(2**40))
    assert (model.predict(X) != model.predict(moved)).any()


@pytest.mark.parametrize("n", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 20_000])
def test_any_number_of_rows_in_any_layout_by_any_number_of_threads(n):
    model = booster(3)
    X = np.resize(rows(4), (n, 5))
    expected = model.predict(X, num_threads=1) if n else np.empty(0)
    ours = QuickScorer(model)
    np.testing.assert_array_equal(ours.predict(X), expected)
    np.testing.assert_array_equal(ours.predict(np.asfortranarray(X), threads=3), expected)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"num_leaves": 90, "min_data_in_leaf": 1}, "leaves in a tree"),
        ({"linear_tree": True}, "linear leaves"),
        ({"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}, "random forest"),
        ({"objective": "multiclass", "num_class": 2}, "several classes"),
        ({"objective": "poisson"}, "objective poisson"),
    ],
)
def test_what_the_kernel_does_not_know_is_left_to_lightgbm(parameters, reason):
    model = booster(5, **parameters)
    assert reason in QuickScorer(model).fallback
    assert_same_bits(model, rows(6))


def test_a_saved_model_and_its_text_predict_like_the_booster(tmp_path):
    model = booster(7)
    model.save_model(tmp_path / "model.txt")
    X = rows(8)
    expected = model.predict(X)
    np.testing.assert_array_equal(QuickScorer(tmp_path / "model.txt").predict(X), expected)
    np.testing.assert_array_equal(QuickScorer(model.model_to_string()).predict(X), expected)


def test_a_model_without_trees_predicts_the_middle():
    X = rows(9)
    data = lightgbm.Dataset(X, label=np.arange(len(X)) % 2, params={"verbosity": -1})
    model = lightgbm.Booster({"objective": "binary", "verbosity": -1}, data)
    assert set(QuickScorer(model).predict(X)) == {0.5}


def test_rows_of_another_width_and_a_text_of_something_else_are_refused():
    with pytest.raises(ValueError, match="expects 5 columns"):
        QuickScorer(booster(10)).predict(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="not a model that LightGBM saved"):
        QuickScorer("{}")
