"""Intervals: right width, right unit of resampling, same seed same ends."""

import numpy as np
import pytest
from sklearn import metrics

from models.measures import (
    MeasureError,
    Resample,
    bootstrap,
    calibration_slope,
    capture_at,
    expected_calibration_error,
    lift_at,
    log_loss,
    observed_over_expected,
    roc_auc,
)


def campaign(rows=3000, seed=0):
    random = np.random.default_rng(seed)
    probability = 1 / (1 + np.exp(2.5 - random.normal(size=rows)))
    return (random.random(rows) < probability).astype(int), probability


def width(estimate):
    return estimate.high - estimate.low


def test_log_loss_interval_is_as_wide_as_its_standard_error_says():
    y, score = campaign()
    losses = -np.log(np.where(y == 1, score, 1 - score))
    expected = 2 * 1.96 * losses.std() / np.sqrt(y.size)
    assert width(bootstrap(log_loss, y, score)) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("measure", [log_loss, roc_auc, calibration_slope])
def test_merged_rows_give_the_interval_of_the_rows_one_by_one(measure):
    y, score = campaign(rows=6000)

    def one_by_one(y, score, *, weight=None):
        return measure(y, score, weight=weight)

    merged, plain = (bootstrap(m, y, score, draws=400) for m in (measure, one_by_one))
    assert merged.value == pytest.approx(plain.value)
    assert width(merged) == pytest.approx(width(plain), rel=0.15)


def test_measure_without_weights_is_resampled_by_rows():
    y, score = campaign()
    theirs = bootstrap(metrics.roc_auc_score, y, score, draws=300)
    ours = bootstrap(roc_auc, y, score, draws=300)
    assert theirs.value == pytest.approx(ours.value)
    assert width(theirs) == pytest.approx(width(ours), rel=0.2)


def test_customer_with_four_rows_counts_once():
    y, score = campaign()
    once = bootstrap(roc_auc, y, score)
    fourfold = [np.repeat(column, 4) for column in (y, score, np.arange(y.size))]
    clustered = bootstrap(roc_auc, *fourfold[:2], groups=fourfold[2])
    naive = bootstrap(roc_auc, *fourfold[:2])
    assert width(clustered) == pytest.approx(width(once), rel=0.15)
    assert width(naive) == pytest.approx(width(once) / 2, rel=0.15)


def test_difference_from_itself_is_nothing_at_all():
    y, score = campaign()
    assert bootstrap(roc_auc, y, score, baseline=score) == (0, 0, 0)


def test_paired_interval_is_narrower_than_either_alone():
    y, score = campaign()
    blurred = np.clip(score + np.random.default_rng(1).normal(0, 0.01, y.size), 0, 1)
    paired = bootstrap(roc_auc, y, score, baseline=blurred)
    assert paired.value == pytest.approx(roc_auc(y, score) - roc_auc(y, blurred))
    assert width(paired) < width(bootstrap(roc_auc, y, score)) / 3


def test_arrays_of_the_rows_are_resampled_with_them():
    y, score = campaign(rows=500)
    value = np.where(y == 1, 10.0, 0.0)

    def revenue_share(y, score, *, value):
        assert (value == 10.0 * y).all()
        return value[score > 0.1].sum() / value.sum()

    estimate = bootstrap(revenue_share, y, score, value=value, draws=50)
    assert estimate.low < estimate.value < estimate.high


def test_same_seed_gives_the_same_interval_and_another_seed_another():
    y, score = campaign()
    first, again, other = (bootstrap(lift_at, y, score, share=0.1, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.low != other.low


def test_gap_that_cannot_be_negative_has_no_negative_end():
    y, score = campaign()
    assert bootstrap(expected_calibration_error, y, score).low >= 0


def test_groups_of_another_length_are_refused():
    y, score = campaign(rows=50)
    with pytest.raises(MeasureError, match="groups has 49 values, but there are 50 rows"):
        bootstrap(roc_auc, y, score, groups=np.arange(49))


def test_row_without_a_customer_is_refused():
    with pytest.raises(MeasureError, match="1 missing values"):
        bootstrap(log_loss, [0, 1], [0.2, 0.3], groups=["ann", None])


@pytest.mark.parametrize("measure", [log_loss, roc_auc, observed_over_expected])
def test_weights_of_kept_negatives_restore_value_and_widen_the_interval(measure):
    y, score = campaign(rows=40_000)
    kept = (y == 1) | (np.arange(y.size) % 10 == 0)
    weight = np.where(y == 1, 1.0, 10.0)[kept]
    full = bootstrap(measure, y, score)
    thinned = bootstrap(measure, y[kept], score[kept], weight=weight)
    assert thinned.low < full.value < thinned.high
    assert width(thinned) > width(full)


MEASURED = {
    "log loss": (log_loss, {}),
    "AUC": (roc_auc, {}),
    "lift": (lift_at, {"share": 0.1}),
    "capture": (capture_at, {"share": 0.1}),
    "O/E": (observed_over_expected, {}),
    "O/E of the top": (observed_over_expected, {"share": 0.1}),
    "slope": (calibration_slope, {}),
}


@pytest.mark.nightly
def test_stated_95_percent_intervals_cover_the_truth_in_93_to_97_of_100_repeats():
    truth = {name: m(*campaign(rows=2_000_000, seed=1), **o) for name, (m, o) in MEASURED.items()}
    covered = dict.fromkeys(MEASURED, 0)
    for repeat in range(1000):
        y, score = campaign(rows=2000, seed=repeat + 2)
        resample = Resample(y, seed=repeat)
        for name, (measure, options) in MEASURED.items():
            estimate = resample.estimate(measure, score, **options)
            covered[name] += estimate.low <= truth[name] <= estimate.high
    assert all(930 <= count <= 970 for count in covered.values()), covered


@pytest.mark.filterwarnings("error")
def test_draws_without_a_responder_are_left_out_in_silence():
    y = np.zeros(40, dtype=int)
    y[0] = 1
    assert bootstrap(roc_auc, y, np.linspace(1, 0.5, 40)).high == pytest.approx(1)
