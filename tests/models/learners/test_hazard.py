import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.stats import norm
from sklearn.base import clone

from models.learners import HazardClassifier, due_window
from models.learners.hazard_line import HazardLine, History


def gaps_with(hazard, *, n, watched, seed, **columns):
    """Gaps of n customers, drawn from `hazard(period)` and watched for so many periods."""
    rng = np.random.default_rng(seed)
    periods = np.arange(1, 400)
    drawn = rng.random((n, len(periods))) < hazard(periods)
    length = np.where(drawn.any(axis=1), drawn.argmax(axis=1) + 1, len(periods))
    event = (length <= watched).astype(int)
    return pd.DataFrame({**columns, "event": event, "elapsed": np.minimum(length, watched)})


def fitted(gaps, max_trees=60, **parameters):
    X = gaps.drop(columns=["event", "elapsed"])
    model = HazardClassifier(max_trees=max_trees, **parameters)
    return model.fit(X, gaps["event"], gaps["elapsed"], np.arange(len(gaps))), X


def two_kinds(n, seed, watched=30):
    """Weekly and monthly buyers: hazards of 1/7 and 1/30 a day."""
    monthly = np.arange(n) % 2
    rate = np.where(monthly, 1 / 30, 1 / 7)[:, None]
    return gaps_with(lambda _: rate, n=n, watched=watched, seed=seed, monthly=monthly)


def test_the_survival_of_two_kinds_of_customers_is_found_though_half_of_one_is_censored():
    gaps = two_kinds(8_000, seed=1)
    assert gaps.groupby("monthly")["event"].mean().round(1).to_dict() == {0: 1.0, 1: 0.6}
    model, X = fitted(gaps)
    survival = model.predict_survival(X[:2], periods=30).to_numpy()
    truth = (1 - np.array([[1 / 7], [1 / 30]])) ** np.arange(1, 31)
    assert np.abs(survival - truth).max() < 0.03


def test_survival_is_conditional_on_the_periods_that_have_passed():
    model, X = fitted(two_kinds(2_000, seed=2))
    whole = model.predict_survival(X[:2], periods=20)
    later = model.predict_survival(X[:2], periods=15, elapsed=[5, 5])
    expected = whole.loc[:, 6:].to_numpy() / whole[[5]].to_numpy()
    np.testing.assert_allclose(later.to_numpy(), expected, rtol=1e-12)


def test_thinning_quiet_periods_leaves_the_expected_number_of_events_as_it_was():
    gaps = two_kinds(6_000, seed=3)
    everything, X = fitted(gaps)
    thinned, _ = fitted(gaps, max_rows=10_000)
    assert everything.kept_share_ == 1
    assert thinned.kept_share_ < 0.1
    one, other = (m.predict_hazard(X[:2], periods=5).to_numpy() for m in (everything, thinned))
    np.testing.assert_allclose(one, other, rtol=0.15)
    at_risk = np.arange(1, 31) <= gaps[["elapsed"]].to_numpy()
    expected = (thinned.predict_hazard(X, periods=30).to_numpy() * at_risk).sum()
    assert expected == pytest.approx(gaps["event"].sum(), rel=0.02)


def test_gaps_cut_into_pieces_give_the_model_of_whole_gaps():
    gaps = two_kinds(1_000, seed=4)
    whole, X = fitted(gaps)
    long = gaps["elapsed"] > 5
    head = gaps.assign(event=gaps["event"].where(~long, 0), elapsed=gaps["elapsed"].clip(upper=5))
    pieces = pd.concat([head.assign(entry=0), gaps[long].assign(entry=5)])
    group = np.concatenate([np.arange(len(gaps)), np.flatnonzero(long)])
    cut = HazardClassifier(max_trees=60).fit(
        pieces[["monthly"]], pieces["event"], pieces["elapsed"], group, entry=pieces["entry"]
    )
    one, other = (model.predict_hazard(X[:2], periods=20).to_numpy() for model in (whole, cut))
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_the_trees_find_that_a_refill_is_due_when_the_supply_runs_out():
    supply = np.where(np.arange(2_000) % 2, 28, 56)
    due = np.abs(np.arange(1, 400)[None, :] - supply[:, None]) <= 2
    gaps = gaps_with(
        lambda _: np.where(due, 0.4, 0.005), n=2_000, watched=70, seed=5, supply=supply
    )
    model, X = fitted(gaps, typical_gap="supply")
    hazard = model.predict_hazard(X[:2], periods=60)
    assert hazard.idxmax(axis=1).between([54, 26], [58, 30]).all()
    # A supply that was never sold: known only through the ratio of the period to it.
    between = model.predict_hazard(pd.DataFrame({"supply": [42]}), periods=60).loc[0]
    assert between[42] > 5 * between[28]


def test_due_dates_are_nearly_as_good_as_those_of_someone_who_knows_the_truth():
    rng = np.random.default_rng(14)
    n = 4_500
    supply = rng.choice([14, 28, 30, 56], size=n)
    pace = np.where(rng.random(n) < 0.5, 1.0, 1.3)  # known: the slower half of the customers
    gap = np.ceil(supply * pace * rng.lognormal(0, 0.25, size=n)).astype(int)
    watched, fresh = slice(0, 3_000), slice(3_000, n)
    X = pd.DataFrame({"supply": supply, "slow": pace > 1})
    event, elapsed = (gap <= 70).astype(int), np.minimum(gap, 70)
    model = HazardClassifier(typical_gap="supply", max_trees=100).fit(
        X[watched], event[watched], elapsed[watched], np.arange(3_000)
    )
    passed = rng.integers(0, 12, size=n - 3_000)
    open_ = gap[fresh] > passed
    survival = model.predict_survival(X[fresh][open_], periods=120, elapsed=passed[open_])
    due = due_window(survival)["due"].to_numpy()

    ahead = passed[open_][:, None] + np.arange(121)
    ratio = np.maximum(ahead, 1e-9) / (supply * pace)[fresh][open_][:, None]
    true = norm.sf(np.log(ratio) / 0.25)
    oracle = (true[:, 1:] / true[:, :1] <= 0.5).argmax(axis=1) + 1
    fact = gap[fresh][open_] - passed[open_]
    ours, best = (np.median(np.abs(date - fact)) for date in (due, oracle))
    assert ours <= 1.1 * best


def test_the_same_seed_gives_the_same_bits_whatever_the_number_of_threads(tmp_path):
    gaps = two_kinds(400, seed=6).assign(city=["Ghent", "Lyon"] * 200)
    one, X = fitted(gaps, max_rows=2_000, max_trees=3, folds=2, num_leaves=4)
    two, _ = fitted(gaps, max_rows=2_000, max_trees=3, folds=2, num_leaves=4, num_threads=2)
    one.save(tmp_path / "hazard")
    loaded = HazardClassifier.load(tmp_path / "hazard")
    expected = one.predict_survival(X, periods=30)
    pd.testing.assert_frame_equal(two.predict_survival(X, periods=30), expected, check_exact=True)
    pd.testing.assert_frame_equal(
        loaded.predict_survival(X, periods=30), expected, check_exact=True
    )
    assert {file.name for file in (tmp_path / "hazard").iterdir()} == {"model.txt", "hazard.json"}


def test_categories_never_seen_are_all_alike_and_missing_ones_are_no_error():
    gaps = two_kinds(1_000, seed=7).assign(city=["Ghent", "Lyon"] * 500)
    model, _ = fitted(gaps)
    strange = pd.DataFrame({"monthly": [0, 0, 0], "city": ["Oslo", "Bern", None]})
    hazard = model.predict_hazard(strange, periods=3)
    assert hazard.loc[0].tolist() == hazard.loc[1].tolist()
    assert hazard.notna().all(axis=None)


def test_many_rows_are_predicted_to_the_bit_as_few_are():
    model, X = fitted(two_kinds(400, seed=13), max_trees=5)
    many = pd.concat([X] * 30, ignore_index=True)
    few = model.predict_hazard(X, periods=20)
    np.testing.assert_array_equal(model.predict_hazard(many, periods=20)[:400], few)


def test_without_any_signal_hardly_a_tree_is_grown_and_the_hazard_is_the_rate():
    gaps = gaps_with(lambda t: np.full(len(t), 0.1), n=3_000, watched=40, seed=8, luck=0.0)
    gaps["luck"] = np.random.default_rng(8).random(3_000)
    model, X = fitted(gaps)
    assert model.booster_.num_trees() <= 5
    np.testing.assert_allclose(model.predict_hazard(X[:5], periods=20), 0.1, rtol=0.12)


def test_a_constant_hazard_gives_periods_times_hazard_events():
    gaps = gaps_with(lambda t: np.full(len(t), 0.1), n=3_000, watched=40, seed=9, luck=0.0)
    model, X = fitted(gaps)
    hazard = model.predict_hazard(X[:1], periods=30).to_numpy().mean()
    assert model.expected_events(X[:1], periods=30).iloc[0] == pytest.approx(30 * hazard, rel=0.02)


def test_events_expected_of_a_customer_follow_the_own_past():
    rng = np.random.default_rng(10)
    rows = []
    for customer in range(400):
        rate, age, earlier = rng.gamma(0.7, 1 / 20), 0, 0
        while True:
            gap = rng.geometric(1 - np.exp(-rate))
            rows.append((customer, earlier, age, int(age + gap <= 100), min(gap, 100 - age)))
            age, earlier = age + gap, earlier + 1
            if age >= 100:
                break
    gaps = pd.DataFrame(rows, columns=["customer", "earlier", "age", "event", "elapsed"])
    X = gaps[["earlier", "age"]]
    model = HazardClassifier(earlier_events="earlier", age="age", max_trees=30).fit(
        X, gaps["event"], gaps["elapsed"], gaps["customer"]
    )
    now = gaps.groupby("customer").tail(1)
    expected = model.expected_events(now[["earlier", "age"]], 100, elapsed=now["elapsed"])
    # Nobody drops out, so what is to come is what has been, shrunk a little.
    assert expected.sum() == pytest.approx(gaps["event"].sum(), rel=0.15)
    assert np.corrcoef(expected, now["earlier"])[0, 1] > 0.98


def test_renew_says_what_x_will_be_after_the_next_event():
    model, _ = fitted(two_kinds(4_000, seed=11))
    weekly, monthly = pd.DataFrame({"monthly": [0]}), pd.DataFrame({"monthly": [1]})
    settles = model.expected_events(weekly, 60, renew=lambda X, _k, _t: X.assign(monthly=1)).iloc[0]
    stays = model.expected_events(weekly, 60).iloc[0]
    never = model.expected_events(monthly, 60).iloc[0]
    assert never < settles < stays
    assert settles == pytest.approx(never + 1, abs=0.4)


@settings(max_examples=25)
@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6), st.booleans())
def test_the_derivatives_of_the_line_are_those_of_its_logit(theta, with_history):
    history = History(np.array([0.0, 2.0, 9.0]), np.array([0.0, 7.0, 40.0]))
    past = history if with_history else None
    period = np.array([1.0, 5.0, 30.0])

    def logit(x):
        return HazardLine(x[0], x[1], *np.exp(x[2:])).logit(period, past)

    line = HazardLine(theta[0], theta[1], *np.exp(theta[2:]))
    for row in range(3):
        numeric = approx_fprime(np.array(theta), lambda x, row=row: logit(x)[row], 1e-6)
        assert line.slopes(period, past)[:, row] == pytest.approx(numeric, rel=1e-3, abs=1e-4)


X = pd.DataFrame({"n": [1.0, 2.0]})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"event": [1], "elapsed": [1, 1]}, "X has 2 rows"),
        ({"event": [1, 2], "elapsed": [1, 1]}, "other than 0 and 1"),
        ({"event": [0, 0], "elapsed": [1, 1]}, "without one event"),
        ({"event": [1, 1], "elapsed": [0, 1]}, "1 gaps are impossible"),
        ({"event": [1, 0], "elapsed": [1, np.nan]}, "1 gaps are impossible"),
        ({"event": [1, 0], "elapsed": [3, 3], "entry": [3, 0]}, "1 gaps are impossible"),
    ],
)
def test_arrays_that_describe_no_gaps_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        HazardClassifier().fit(X, groups=["ann", "bob"], **arguments)


def test_one_customer_alone_is_refused():
    with pytest.raises(ValueError, match="groups names one customer only"):
        HazardClassifier().fit(X, event=[1, 1], elapsed=[1, 2], groups=["ann", "ann"])


def test_columns_that_are_named_but_absent_or_reserved_are_refused():
    arguments = {"event": [1, 1], "elapsed": [1, 2], "groups": ["ann", "bob"]}
    with pytest.raises(ValueError, match="has no column supply"):
        HazardClassifier(typical_gap="supply").fit(X, **arguments)
    with pytest.raises(ValueError, match="name both or none"):
        HazardClassifier(age="n").fit(X, **arguments)
    with pytest.raises(ValueError, match="rename it"):
        HazardClassifier().fit(X.assign(period=1), **arguments)


def test_looking_no_period_ahead_or_from_a_missing_elapsed_is_refused():
    model, rows = fitted(two_kinds(200, seed=12))
    with pytest.raises(ValueError, match="1 or more whole periods"):
        model.predict_survival(rows, periods=0)
    with pytest.raises(ValueError, match="negative or missing"):
        model.predict_survival(rows[:1], periods=2, elapsed=[np.nan])
    with pytest.raises(ValueError, match="X lacks 1 of the 1 columns"):
        model.predict_survival(X, periods=2)


def test_scikit_learn_can_clone_and_change_it():
    model = clone(HazardClassifier(typical_gap="supply", num_leaves=3)).set_params(num_leaves=5)
    assert model.get_params()["typical_gap"] == "supply"
    assert model.num_leaves == 5
