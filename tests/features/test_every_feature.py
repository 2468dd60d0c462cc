"""The contract that every registered feature has to keep."""

from datetime import datetime, timedelta
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import AS_OF, fact, member, product, returned, sale, shop, snapshot, store

from features.catalogue import catalogue
from features.contract import check

FEATURES = tuple(catalogue("customer", "time").values())
MEMBERS = [member("ann", birth_year=1990), member("bob"), member("cho", "2024-04-01")]
#: Every table there is, so that no feature is left out; ann has a row in each.
FACTS = {
    "consents": {"channel": "email", "purpose": "marketing", "granted": True},
    "card_events": {"step": "applied"},
    "contacts": {"channel": "email", "status": "sent"},
    "interactions": {"kind": "view", "subject": "kettles"},
    "surveys": {"kind": "satisfaction", "answer": "4"},
    "service_cases": {"kind": "complaint"},
}
PAST = [
    sale("ann", "2023-04-01", amount=20.0, store_id="s1"),
    sale("ann", "2024-05-22", order="a"),
    sale("ann", "2024-05-22", order="a", product="cup"),
    returned("ann", "2024-05-25"),
    sale("bob", "2024-05-31 23:59:59"),
]
KNOWN = {
    "products": [
        product("kettle", category="kitchen", brand="Bo", list_price=100.0, family="k"),
        product("cup", category="kitchen", brand="Al", list_price=20.0),
    ],
    "stores": [store("s1", format="mall")],
    "members": MEMBERS,
    **{name: [fact(name, "ann", "2024-05-20", **row)] for name, row in FACTS.items()},
}
MIDNIGHT = datetime(2024, 6, 1)  # noqa: DTZ001 - the shop's helper adds the zone


def of(rows, **given):
    return snapshot(shop(*rows, **{**KNOWN, **given}), *FEATURES)


@cache
def before():
    return of(PAST)


@cache
def nobody():
    without = dict.fromkeys(FACTS, ())
    return of([], members=[member("ann")], **without)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
class TestEveryFeature:
    def test_keeps_the_contract_of_declarations(self, feature):
        assert check(feature) is feature

    def test_says_what_it_is_in_both_languages(self, feature):
        assert len(feature.description) > 20
        assert feature.label["en"]
        assert any("一" <= letter <= "鿿" for letter in feature.label["zh-TW"])

    def test_describes_what_null_means_or_is_never_null_without_rows(self, feature):
        assert "null" in feature.description.lower() or nobody()[feature.name].notna().all()

    def test_is_null_or_its_declared_value_for_who_did_nothing(self, feature):
        value = nobody()[feature.name].iloc[0]
        if feature.empty is not None:
            assert value == feature.empty


def test_every_member_has_exactly_one_row():
    assert list(before().index) == ["ann", "bob", "cho"]


def test_no_feature_is_nan_or_infinite():
    numbers = before().select_dtypes("number").astype("float64")
    assert not numbers.isin([float("inf"), float("-inf")]).any().any()


def _late(known: datetime, happened_before: timedelta) -> dict:
    happened = known - happened_before
    rows = {name: fact(name, "ann", happened, known=known, **row) for name, row in FACTS.items()}
    return {
        "rows": [*PAST, sale("ann", happened, known=known, amount=777.0, product="cup")],
        **{name: [*KNOWN[name], row] for name, row in rows.items()},
    }


@given(
    seconds=st.integers(min_value=0, max_value=10**9),
    happened_before=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=900)),
)
@settings(max_examples=4, deadline=None)
def test_nothing_that_becomes_known_from_the_cut_off_on_changes_any_feature(
    seconds, happened_before
):
    late = _late(MIDNIGHT + timedelta(seconds=seconds), happened_before)
    pd.testing.assert_frame_equal(of(**late), before(), check_exact=True)


def test_an_event_exactly_at_the_cut_off_is_on_the_label_side():
    late = _late(MIDNIGHT, timedelta(0))
    pd.testing.assert_frame_equal(of(**late), before(), check_exact=True)


def test_an_event_one_microsecond_before_the_cut_off_is_seen_by_every_table():
    moment = MIDNIGHT - timedelta(microseconds=1)
    row = of(**_late(moment, timedelta(0))).loc["ann"]
    assert row["days_since_last_purchase"] == 1
    assert row["days_since_last_contact"] == 1
    assert row["days_since_last_interaction"] == 1
    assert row["days_since_last_service_case"] == 1
    assert row["days_since_card_application"] == 1


def test_the_order_of_the_rows_does_not_matter():
    backwards = {name: rows[::-1] for name, rows in KNOWN.items()}
    pd.testing.assert_frame_equal(of(PAST[::-1], **backwards), before(), check_exact=True)


def test_the_cut_off_is_midnight_in_the_business_time_zone():
    evening = sale("cho", "2024-05-31 15:30")  # 23:30 in Taipei, still May
    night = sale("cho", "2024-05-31 16:30")  # 00:30 in Taipei, already June
    assert of([evening], time_zone="Asia/Taipei").loc["cho", "order_count"] == 1
    assert of([night], time_zone="Asia/Taipei").loc["cho", "order_count"] == 0
    assert AS_OF.isoformat() == "2024-06-01"


def test_columns_that_are_all_null_break_nothing():
    bare = [{"customer_id": "ann", "joined_on": MEMBERS[0]["joined_on"]}]
    rows = [sale("ann", "2024-05-01")]
    row = of(rows, members=bare, products=[product("kettle")]).loc["ann"]
    assert row["order_count"] == 1
    assert pd.isna(row["favourite_category"])


def test_a_table_that_was_not_delivered_leaves_out_its_features_with_a_notice():
    from pipeline.grain_store import left_out

    grains = shop(sale("ann", "2024-05-01"))
    names = {one.name for one in grains.deliverable(FEATURES)}
    assert "order_count" in names
    assert "holds_card" not in names
    cards = [one for one in FEATURES if "card_events" in one.grain.sources]
    assert f"card_events not delivered: {len(cards)} features left out" in left_out(
        grains, FEATURES
    )
