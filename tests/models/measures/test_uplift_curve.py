"""Qini is one number: checked by hand, by law, and against a second way to compute it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from models.measures import autoc, auuc, effect_scores, qini, uplift_at, uplift_curve

effects = st.lists(st.integers(-3, 3), min_size=2, max_size=30)


def test_qini_of_two_customers_is_the_triangle_above_the_chord():
    # The curve rises to 1 (half of 2) at q = 0.5 and stays: a triangle of base 1, height 0.5.
    assert qini([2.0, 0.0], effect=[1, 0]) == 0.25
    assert qini([2.0, 0.0], effect=[0, 1]) == -0.25


def test_normalized_qini_of_two_customers_is_a_quarter_of_the_average_effect():
    assert qini([2.0, 0.0], effect=[1, 0], normalized=True) == 0.25
    assert qini([4.0, 0.0], effect=[1, 0], normalized=True) == 0.25


def test_normalized_qini_is_refused_where_the_average_effect_is_zero():
    with pytest.raises(ValueError, match="average effect is 0"):
        qini([1.0, -1.0], effect=[1, 0], normalized=True)


@given(effects, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_changes_qini_even_with_ties(scores, random):
    ranking = [random.randint(0, 2) for _ in scores]
    shuffled = list(zip(scores, ranking, strict=True))
    random.shuffle(shuffled)
    again, ranking_again = zip(*shuffled, strict=True)
    assert_allclose(qini(again, ranking_again), qini(scores, ranking), atol=1e-12)


@given(effects)
def test_any_rising_map_of_the_prediction_gives_the_same_areas(scores):
    ranking = np.arange(len(scores)) % 5
    for measure in (qini, auuc, autoc):
        assert measure(scores, ranking) == measure(scores, np.exp(ranking))


@given(effects)
def test_turning_the_ranking_round_changes_the_sign_of_qini(scores):
    ranking = np.arange(len(scores)) % 4
    assert_allclose(qini(scores, -ranking), -qini(scores, ranking), atol=1e-12)


@given(effects)
def test_no_ranking_beats_the_true_effects_themselves(scores):
    ranking = np.arange(len(scores))
    assert qini(scores, scores) >= qini(scores, ranking) - 1e-12
    assert autoc(scores, scores) >= autoc(scores, ranking) - 1e-12


@given(effects)
def test_equal_predictions_have_qini_and_autoc_of_zero(scores):
    same = np.full(len(scores), 7.0)
    assert_allclose([qini(scores, same), autoc(scores, same)], 0, atol=1e-12)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_qini_equals_the_area_integrated_on_a_fine_grid(seed):
    random = np.random.default_rng(seed)
    scores, ranking = random.normal(size=50), random.integers(0, 20, size=50)
    curve = uplift_curve(scores, ranking)
    q = np.linspace(0, 1, 100_001)
    above = np.interp(q, curve["share"], curve["gain"]) - q * scores.mean()
    assert_allclose(qini(scores, ranking), np.trapezoid(above, q), atol=1e-8)


def test_autoc_equals_its_sum_over_ranks_in_a_large_sample():
    random = np.random.default_rng(1)
    scores = random.normal(size=20_000)
    ranking = scores + random.normal(size=20_000)
    ranked = scores[np.argsort(-ranking)]
    rank = np.arange(1, 20_001)
    toc = np.cumsum(ranked) / rank - ranked.mean()
    assert_allclose(autoc(scores, ranking), toc.mean(), rtol=2e-3)


def test_uplift_at_a_share_takes_part_of_a_tie():
    assert uplift_at([4.0, 0.0, 2.0, 2.0], effect=[1, 1, 0, 0], share=0.25) == 2.0


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(ValueError, match="share is"):
        uplift_at([1.0, 2.0], effect=[1, 2], share=share)


def test_a_missing_prediction_is_refused():
    with pytest.raises(ValueError, match="missing values"):
        qini([1.0, 2.0], effect=[1.0, float("nan")])


def test_without_outcome_models_the_average_of_scores_is_the_difference_in_means():
    y = [1.0, 0.0, 3.0, 2.0, 7.0]
    treated = [1, 0, 1, 0, 1]
    assert_allclose(effect_scores(y, treated).mean(), 11 / 3 - 1)


def test_effect_scores_recover_the_average_under_unequal_known_probabilities():
    random = np.random.default_rng(5)
    n = 200_000
    risk = random.random(n)
    probability = np.where(risk > 0.5, 0.8, 0.2)
    treated = (random.random(n) < probability).astype(int)
    y = risk + 0.1 * treated  # the treated look better than they are: they had more to start
    assert y[treated == 1].mean() - y[treated == 0].mean() > 0.3
    scores = effect_scores(y, treated, probability=probability)
    assert abs(scores.mean() - 0.1) < 4 * scores.std() / np.sqrt(n)


def test_a_wrong_outcome_model_leaves_scores_unbiased_and_a_right_one_makes_them_quiet():
    random = np.random.default_rng(6)
    n = 50_000
    x = random.normal(size=n)
    treated = random.integers(0, 2, n)
    y = 3 * x + treated + random.normal(size=n)
    wrong = effect_scores(y, treated, probability=0.5, expected=(-x, np.zeros(n)))
    right = effect_scores(y, treated, probability=0.5, expected=(3 * x, 3 * x + 1))
    assert abs(wrong.mean() - 1) < 4 * wrong.std() / np.sqrt(n)
    assert right.std() < wrong.std() / 2


@pytest.mark.parametrize("treated", [[1, 1], [0, 0], [1, 2]])
def test_treated_needs_both_zero_and_one_and_nothing_else(treated):
    with pytest.raises(ValueError, match="treated has"):
        effect_scores([1.0, 2.0], treated)


def test_a_probability_of_zero_for_a_drawn_arm_is_refused():
    with pytest.raises(ValueError, match="has to lie in"):
        effect_scores([1.0, 2.0], [0, 1], probability=[0.5, 0.0])
