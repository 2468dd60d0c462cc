"""The contract that every registered feature has to keep."""

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import AS_OF, grains, member, sale, snapshot

from features.catalogue import catalogue

FEATURES = tuple(catalogue("customer").values())
MEMBERS = [member("ann"), member("bob"), member("cho", "2024-04-01")]
PAST = [
    sale("ann", "2023-04-01", amount=20.0),
    sale("ann", "2024-05-22", order="a"),
    sale("ann", "2024-05-22", order="a"),
    sale("bob", "2024-05-31 23:59:59"),
]
MIDNIGHT = datetime(2024, 6, 1)  # noqa: DTZ001 - the shop's helper adds the zone
UNIT_IN_NAME = {
    "days": ("days",),
    "orders": ("order_count",),
    "lines": ("lines_count",),
    "currency": ("amount",),
    "ratio": ("ratio",),
    "share": ("share",),
}


def of(rows, **given):
    return snapshot(grains(*rows, members=MEMBERS, **given), *FEATURES)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
class TestEveryFeature:
    def test_says_what_it_is_in_both_languages(self, feature):
        assert len(feature.description) > 20
        assert feature.label["en"]
        assert any("一" <= letter <= "鿿" for letter in feature.label["zh-TW"])

    def test_carries_its_unit_in_its_name(self, feature):
        assert any(part in feature.name for part in UNIT_IN_NAME[feature.unit])

    def test_describes_what_null_means_or_is_never_null_without_rows(self, feature):
        nobody = snapshot(grains(members=[member("ann")]), feature)[feature.name]
        assert "null" in feature.description or nobody.notna().all()

    def test_gives_one_value_for_each_member(self, feature):
        column = snapshot(grains(*PAST, members=MEMBERS), feature)[feature.name]
        assert list(column.index) == ["ann", "bob", "cho"]


def test_no_feature_is_nan_or_infinite():
    numbers = of(PAST).drop(columns="as_of").astype("float64")
    assert not numbers.isin([float("inf"), float("-inf")]).any().any()


@given(
    seconds=st.integers(min_value=0, max_value=10**9),
    happened_before=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=900)),
)
@settings(max_examples=25, deadline=None)
def test_nothing_that_becomes_known_from_the_cut_off_on_changes_any_feature(
    seconds, happened_before
):
    known = MIDNIGHT + timedelta(seconds=seconds)
    late = sale("ann", known - happened_before, known=known, amount=777.0)
    pd.testing.assert_frame_equal(of([*PAST, late]), of(PAST), check_exact=True)


def test_an_event_exactly_at_the_cut_off_is_on_the_label_side():
    pd.testing.assert_frame_equal(of([*PAST, sale("ann", MIDNIGHT)]), of(PAST), check_exact=True)


def test_an_event_one_microsecond_before_the_cut_off_is_seen():
    seen = of([*PAST, sale("ann", MIDNIGHT - timedelta(microseconds=1))])
    assert seen.loc["ann", "days_since_last_purchase"] == 1


def test_the_order_of_the_rows_does_not_matter():
    pd.testing.assert_frame_equal(of(PAST), of(PAST[::-1]), check_exact=True)


def test_the_cut_off_is_midnight_in_the_business_time_zone():
    evening = sale("cho", "2024-05-31 15:30")  # 23:30 in Taipei, still May
    night = sale("cho", "2024-05-31 16:30")  # 00:30 in Taipei, already June
    assert of([evening], time_zone="Asia/Taipei").loc["cho", "order_count"] == 1
    assert of([night], time_zone="Asia/Taipei").loc["cho", "order_count"] == 0
    assert AS_OF.isoformat() == "2024-06-01"
