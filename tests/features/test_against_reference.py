"""Tables that Hypothesis draws, through the engine and through plain Python: the same values."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import on_spark
import pandas as pd
import pytest
from feature_page import specs
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pair_rows import pair_rows
from reference.customer import FACTS, customer_reference
from reference.pair import pair_reference
from reference.product import product_reference
from shop import shop, snapshot

from features.catalogue import catalogue
from features.pairs import PAIR_FEATURES

FEATURES = tuple(catalogue("customer", "time").values())
PRODUCT_FEATURES = tuple(catalogue("product").values())
#: A leap day, the turn of a year, the day after clocks change in London, plain days.
CUTOFFS = (
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2025, 1, 1),
    date(2024, 3, 31),
    date(2024, 6, 1),
)
ZONES = ("UTC", "Asia/Taipei", "Europe/London", "America/New_York")
PEOPLE = ("ann", "bob", "成美 🎁", "d'arc", "Ω")
PRODUCTS = ("kettle", "cup", "☕ mug", "pad-1", "pad-2", "pill", "unlisted")

quarters = st.integers(0, 400).map(lambda n: n / 4)


@st.composite
def times(draw, as_of: date):
    """A moment around the cut-off, often the same as another one, often near midnight."""
    days = draw(st.sampled_from((0, 1, 2, 6, 7, 29, 30, 31, 60, 90, 91, 180, 365, 366, 400, -1)))
    hours = draw(st.sampled_from((0, 4, 5, 12, 15, 16, 18, 23)))
    happened = datetime(as_of.year, as_of.month, as_of.day, tzinfo=UTC) - timedelta(days=days)
    happened += timedelta(hours=hours, microseconds=draw(st.sampled_from((0, 0, 1))))
    late = draw(st.sampled_from((0, 0, 0, 1, 26, 24 * 40)))
    return {"event_time": happened, "available_time": happened + timedelta(hours=late)}


@st.composite
def lines(draw, as_of: date, number: int):
    back = draw(st.booleans()) and draw(st.booleans())
    sign = -1.0 if back else 1.0
    return {
        "line_id": f"l{number}",
        "order_id": draw(st.sampled_from("abcdefgh")),
        "customer_id": draw(st.sampled_from((*PEOPLE, None))),
        "product_id": draw(st.sampled_from(PRODUCTS)),
        "quantity": sign * draw(st.integers(1, 3)),
        "amount": sign * draw(quarters),
        "discount": draw(st.none() | quarters),
        "promotion_id": draw(st.none() | st.just("p")),
        "channel": draw(st.sampled_from(("web", "store", "app", None))),
        "store_id": draw(st.sampled_from(("s1", "s2", "s3", None))),
        "kind": "return" if back else "sale",
        **draw(times(as_of)),
    }


def _products(draw, as_of: date, names=PRODUCTS) -> list:
    def one(name: str) -> dict:
        launched = draw(st.sampled_from((None, 10, 100, 500, -5)))
        return {
            "product_id": name,
            "category": draw(st.sampled_from(("kitchen", "廚房 🍳", None))),
            "category_3": draw(st.sampled_from(("cups", None))),
            "brand": draw(st.sampled_from(("Bo", "Al", None))),
            "list_price": draw(st.none() | quarters),
            "launched_on": None if launched is None else as_of - timedelta(days=launched),
            "family": draw(st.sampled_from(("pad", "mug", None))),
            "generation": draw(st.sampled_from((1, 2, 3, None))),
            "language": draw(st.sampled_from(("en", "zh-TW", None))),
            "days_of_supply": draw(st.sampled_from((None, 30.0, 90.0))),
            "purpose": "health" if name == "pill" else draw(st.sampled_from(("general", None))),
        }

    return [one(name) for name in names if name != "unlisted"]


def _members(draw, as_of: date) -> list:
    rows = []
    for name in PEOPLE:
        row = {
            "customer_id": name,
            "joined_on": as_of - timedelta(days=draw(st.sampled_from((0, 1, 30, 900)))),
            "birth_year": draw(st.sampled_from((1950, 1990, 2000, 1900, None))),
            "marital_status": draw(st.sampled_from(("married", "single", None))),
            "children": draw(st.sampled_from((0, 2, None))),
            "interests": draw(st.sampled_from(("tea", "tea|旅行", None))),
            "region": draw(st.sampled_from(("Taipei", None))),
        }
        moved = draw(st.sampled_from((None, 0, 1, 20)))
        if moved is None or row["joined_on"] >= as_of - timedelta(days=moved):
            rows.append(row)
        else:
            day = as_of - timedelta(days=moved)
            rows.append({**row, "valid_from": row["joined_on"], "valid_to": day})
            rows.append({**row, "valid_from": day, "valid_to": None, "region": "Tainan"})
    return rows


def _facts(draw, as_of: date, **columns) -> list:
    rows, seen = [], set()
    for _ in range(draw(st.integers(0, 12))):
        row = {
            "customer_id": draw(st.sampled_from(PEOPLE)),
            **{name: draw(st.sampled_from(values)) for name, values in columns.items()},
            **draw(times(as_of)),
        }
        # The choices of a moment on one channel have no order among themselves.
        key = (row["customer_id"], row["event_time"], row.get("channel"), row.get("purpose"))
        if "granted" not in row or key not in seen:
            seen.add(key)
            rows.append(row)
    return rows


@st.composite
def shops(draw):
    as_of = draw(st.sampled_from(CUTOFFS))
    tables = {
        "transactions": [draw(lines(as_of, n)) for n in range(draw(st.integers(0, 45)))],
        "products": _products(draw, as_of),
        "customers": _members(draw, as_of),
        "stores": [{"store_id": "s1", "format": "mall", "region": "北"}, {"store_id": "s2"}],
        "consents": _facts(
            draw, as_of, channel=("email", "sms"), purpose=("marketing", "health"),
            granted=(True, False),
        ),
        "card_events": _facts(
            draw, as_of, step=("applied", "approved", "declined", "activated", "cancelled")
        ),
        "contacts": _facts(
            draw, as_of, channel=("email", "line"), status=("sent", "bounced", "failed")
        ),
        "interactions": _facts(
            draw, as_of, kind=("search", "view", "open", "click", "like"),
            subject=("x", None, "y 😀"),
        ),
        "surveys": _facts(
            draw, as_of, kind=("satisfaction", "other"), answer=("1", "4.5", "good", None)
        ),
        "service_cases": _facts(draw, as_of, kind=("complaint", "repair"), answer=("solved", None)),
    }  # fmt: skip
    return tables, as_of, draw(st.sampled_from(ZONES))


@st.composite
def pairs(draw):
    """A shop, and products passed in: one that nobody sold, one in the place of another."""
    tables, as_of, zone = draw(shops())
    return tables, _products(draw, as_of, ("new 🎁", "pad-1")), as_of, zone


#: Shrinking a whole shop takes minutes: the message names the columns, and `-s` is enough.
DRAWN = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}


def examples(few: int, *, of: int) -> dict:
    """Return how many to draw: Spark takes a minute for what DuckDB does in a second."""
    return {"max_examples": few if on_spark.WANTED else of, **DRAWN}


def compare(drawn) -> None:
    tables, as_of, zone = drawn
    rest = {name: rows for name, rows in tables.items() if name != "transactions"}
    members = rest.pop("customers")
    got = snapshot(
        shop(*tables["transactions"], time_zone=zone, members=members, **rest),
        *FEATURES,
        as_of=as_of,
    ).drop(columns="as_of")
    expected = customer_reference(tables, as_of=as_of, time_zone=zone)
    if expected.empty:
        assert got.empty
        return
    assert set(expected) <= set(got)
    said = [one for one in FEATURES if one.name in expected]
    names = [one.name for one in said]
    pd.testing.assert_frame_equal(
        _plain(got[names], said),
        _plain(expected[names], said),
        rtol=1e-9,
        atol=1e-9,
        check_names=False,
    )


def compare_products(drawn) -> None:
    tables, as_of, zone = drawn
    rest = {name: rows for name, rows in tables.items() if name != "transactions"}
    members = rest.pop("customers")
    lines = _in_small_orders(tables["transactions"])
    shop_ = shop(*lines, time_zone=zone, members=members, **rest)
    got = snapshot(shop_, *PRODUCT_FEATURES, as_of=as_of, unit="product").drop(columns="as_of")
    expected = product_reference({**tables, "transactions": lines}, as_of=as_of, time_zone=zone)
    assert set(expected) == set(got)
    pd.testing.assert_frame_equal(
        _plain(got, PRODUCT_FEATURES),
        _plain(expected[list(got)], PRODUCT_FEATURES),
        rtol=1e-9,
        atol=1e-9,
        check_names=False,
    )


def compare_pairs(drawn) -> None:
    tables, passed_in, as_of, zone = drawn
    rest = {name: rows for name, rows in tables.items() if name != "transactions"}
    members = rest.pop("customers")
    lines = _in_small_orders(tables["transactions"])
    shop_ = shop(*lines, time_zone=zone, members=members, **rest)
    people = sorted({row["customer_id"] for row in members})
    listed = {row["product_id"] for row in [*tables["products"], *passed_in]} - {"pill"}
    asked = product(people, sorted(listed))
    got = pair_rows(shop_, asked, passed_in=passed_in, looked=True, as_of=as_of)
    expected = pair_reference(
        {**tables, "transactions": lines}, passed_in, as_of=as_of, time_zone=zone
    )
    assert set(expected) == set(got)
    pd.testing.assert_frame_equal(
        _plain(got, PAIR_FEATURES.values()),
        _plain(expected[list(got)], PAIR_FEATURES.values()),
        rtol=1e-9,
        atol=1e-9,
        check_names=False,
    )


def _in_small_orders(lines: list) -> list:
    """Return the lines six times over, a few to an order: only then do things go together."""
    return [{**row, "order_id": f"{row['order_id']}-{n % 13}"} for n, row in enumerate(lines * 6)]


def _plain(frame: pd.DataFrame, features) -> pd.DataFrame:
    """Return numbers as floats and texts as objects, so that only values are compared."""
    texts = [one.name for one in features if one.unit == "text"]
    plain = frame.sort_index().astype(object).where(frame.sort_index().notna(), None)
    plain.index = plain.index.astype(object)
    numbers = plain.drop(columns=texts).astype("float64")
    return pd.concat([numbers, plain[texts]], axis=1)


@given(shops())
@settings(**examples(2, of=8))
def test_the_engine_agrees_with_the_reference(drawn):
    compare(drawn)


@pytest.mark.nightly
@given(shops())
@settings(**examples(20, of=150))
def test_the_engine_agrees_with_the_reference_on_many_shops(drawn):
    compare(drawn)


@given(shops())
@settings(**examples(2, of=4))
def test_the_engine_agrees_with_the_reference_about_products(drawn):
    compare_products(drawn)


@pytest.mark.nightly
@given(shops())
@settings(**examples(10, of=100))
def test_the_engine_agrees_with_the_reference_about_many_products(drawn):
    compare_products(drawn)


@given(pairs())
@settings(**examples(2, of=4))
def test_the_engine_agrees_with_the_reference_about_pairs(drawn):
    compare_pairs(drawn)


@pytest.mark.nightly
@given(pairs())
@settings(**examples(10, of=100))
def test_the_engine_agrees_with_the_reference_about_many_pairs(drawn):
    compare_pairs(drawn)


def test_what_the_reference_does_not_say_again_is_shown_by_example():
    day = datetime(2024, 5, 1, tzinfo=UTC)
    line = {"line_id": "l", "order_id": "o", "customer_id": "ann", "product_id": "kettle",
            "event_time": day, "available_time": day, "quantity": 1.0, "amount": 1.0,
            "kind": "sale"}  # fmt: skip
    member = {"customer_id": "ann", "joined_on": date(2023, 1, 1)}
    facts = {name: [] for name in FACTS} | {"transactions": [line]}
    tables = {**facts, "customers": [member], "products": [], "stores": []}
    said_again = set(customer_reference(tables, as_of=date(2024, 6, 1), time_zone="UTC"))
    shown = {spec.feature.name for spec in specs()}
    assert {one.name for one in FEATURES} <= said_again | shown
