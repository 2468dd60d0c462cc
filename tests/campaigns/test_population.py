"""Bits, columns held in memory and the engine answer every condition alike."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known import CONDITION, deliver, named, population_of
from shop import member, product, returned, sale

from campaigns.conditions.condition import leaves
from campaigns.conditions.held_columns import HeldColumn
from campaigns.conditions.queries import compiled

PEOPLE = [f"c{number:02}" for number in range(21)]  # no multiple of eight
REGIONS = ("North", "South", None)
PRODUCTS = ("tv2", "tv3", "mug")


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    random = np.random.default_rng(5)
    rows = [
        member(
            name,
            f"20{random.integers(18, 24)}-03-0{random.integers(1, 9)}",
            region=REGIONS[random.integers(3)],
            birth_year=None if random.random() < 0.2 else int(random.integers(1950, 2000)),
        )
        for name in PEOPLE
    ]
    for name in PEOPLE:
        for _ in range(random.integers(0, 4)):
            line = returned if random.random() < 0.2 else sale
            day = f"2024-0{random.integers(1, 6)}-1{random.integers(10)}"
            rows.append(line(name, day, product=PRODUCTS[random.integers(3)]))
    goods = [product("tv2", version="2.0"), product("tv3", version="3.0"), product("mug")]
    deliver(folder, *rows, *goods)
    return folder


texts = st.lists(st.sampled_from(["North", "South", "East"]), min_size=1, unique=True)
simple = st.one_of(
    texts.map(lambda names: {"customer": "region", "in": names}),
    texts.map(lambda names: {"customer": "region", "not_in": names}),
    st.booleans().map(lambda known: {"customer": "birth_year", "known": known}),
    st.integers(1950, 2000).map(lambda year: {"customer": "birth_year", "at_least": year}),
    st.integers(20, 80).map(lambda age: {"customer": "age", "at_most": age}),
    st.dates().map(lambda day: {"customer": "joined_on", "at_least": day.isoformat()}),
    st.sampled_from(PRODUCTS).map(lambda name: {"bought": {"product_id": name}}),
    st.sampled_from([2, 3]).map(lambda number: {"bought": {"version": f"{number}.0"}}),
    st.integers(1, 200).map(lambda days: {"bought": {}, "within_days": days}),
    st.integers(-1, 3).map(lambda count: {"bought": {}, "pieces": {"at_most": count}}),
    st.integers(0, 2).map(lambda count: {"bought": {}, "times": {"at_most": count}}),
    st.floats(0.6, 1).map(lambda score: {"score": "customer_activity", "at_least": score}),
)
conditions = st.recursive(
    simple,
    lambda inner: st.one_of(
        inner.map(lambda one: {"not": one}),
        st.lists(inner, min_size=1, max_size=3).map(lambda several: {"all": several}),
        st.lists(inner, min_size=1, max_size=3).map(lambda several: {"any": several}),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def populations(artifacts):
    with population_of(artifacts) as plain, population_of(artifacts) as held:
        held.hold_purchases()
        yield plain, held


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=conditions)
def test_every_way_to_ask_gives_the_same_answer(populations, document):
    plain, held = populations
    condition = CONDITION.validate_python(document)
    everybody = plain.connection.table("everybody")
    rows = everybody.filter(compiled(condition, plain.facts, everybody))
    expected = sorted(rows.select("customer_id").to_pyarrow()["customer_id"].to_pylist())
    assert named(plain, plain.meets(condition)) == expected
    assert named(held, held.meets(condition)) == expected
    for _, leaf in leaves(condition):
        assert plain.meets(leaf) is plain.meets(leaf)  # asked once


def test_many_texts_are_looked_up_as_few_are_compared():
    texts = [f"t{number:02}" for number in range(40)]
    column = HeldColumn.of(pa.array([None, *texts, "t03"]))
    for several in (texts[:3], texts[:20], ["t03", "nothing"], ["nothing"]):
        expected = [text in several for text in [None, *texts, "t03"]]
        assert column.is_one_of(tuple(several)).tolist() == expected


def test_the_opposite_of_a_condition_is_everybody_else(populations):
    plain, _ = populations
    bought = CONDITION.validate_python({"bought": {"product_id": "mug"}})
    others = CONDITION.validate_python({"not": {"bought": {"product_id": "mug"}}})
    both = named(plain, plain.meets(bought)) + named(plain, plain.meets(others))
    assert sorted(both) == PEOPLE


def test_a_draw_by_id_is_the_same_for_everybody_who_draws(populations):
    plain, held = populations
    drawn = named(plain, plain.drawn("2026Q4", share=0.4))
    assert drawn == named(held, held.drawn("2026Q4", share=0.4))
    assert 0 < len(drawn) < len(PEOPLE)
    assert drawn != named(plain, plain.drawn("2027Q1", share=0.4))
