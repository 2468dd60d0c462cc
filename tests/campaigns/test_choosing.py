"""Members are the best who may be, down to where the list ends; the control is drawn from them."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from known import deliver, population_of
from scored import MODEL
from shop import member

from campaigns.choosing import Step, choose, expected_value, first
from campaigns.ledger import OUTCOMES
from campaigns.list_spec import ListSpec, Value
from campaigns.ranking import Ranking, positions_of

COUNT = 40


@pytest.fixture(scope="module")
def population(tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifacts")
    deliver(folder, *(member(f"c{number:02}") for number in range(COUNT)))
    with population_of(folder) as made:
        yield made


def ranked(places):
    places = np.array(places, dtype=np.int32)
    value = np.linspace(0.9, 0.1, len(places))
    return Ranking(places, positions_of(places, COUNT), value)


RANKING = ranked(range(COUNT)[::-1])


def chosen(population, *, ranking=RANKING, steps=(), households=None, draw="x", **spec):
    wanted = ListSpec(model=MODEL, **{"size": COUNT, "control_share": 1e-12, **spec})
    scored = Step("not_eligible", population.bits(ranking.places))
    return choose(wanted, population, ranking, [scored, *steps], households=households, draw=draw)


def test_the_best_are_taken_down_to_the_size(population):
    assert chosen(population, size=3).selected.tolist() == [0, 1, 2]


def test_the_control_comes_on_top_of_the_size(population):
    found = chosen(population, size=10, control_share=0.4)
    assert len(found.selected) == 10
    assert len(found.control) > 0
    together = np.sort(np.concatenate([found.selected, found.control]))
    assert together.tolist() == list(range(len(together)))  # nobody in between is left out
    assert found.selected[-1] == together[-1]


@pytest.mark.parametrize("draw", [str(number) for number in range(20)])
def test_nobody_below_the_last_of_a_full_list_is_its_control(population, draw):
    everybody = chosen(population, size=COUNT, control_share=0.4, draw=draw)
    full = chosen(population, size=len(everybody.selected), control_share=0.4, draw=draw)
    assert full.selected.tolist() == everybody.selected.tolist()
    assert (full.control < full.selected[-1]).all()


def test_another_draw_holds_out_others_and_the_same_one_the_same(population):
    one, same = (chosen(population, size=10, control_share=0.4, draw="a") for _ in range(2))
    other = chosen(population, size=10, control_share=0.4, draw="b")
    assert one.control.tolist() == same.control.tolist() != other.control.tolist()


def test_about_the_share_asked_for_is_held_out(population):
    held = [len(chosen(population, control_share=0.25, draw=str(n)).control) for n in range(200)]
    assert np.mean(held) / COUNT == pytest.approx(0.25, abs=0.02)  # 4 standard errors


def test_a_lowest_score_ends_the_list(population):
    found = chosen(population, at_least=0.5)
    assert RANKING.value[found.selected].min() >= 0.5
    assert found.ledger.excluded["below_cut_off"] == (RANKING.value < 0.5).sum()


def test_a_budget_ends_the_list(population):
    found = chosen(population, budget=10.0, value=Value(margin=1, contact_cost=3))
    assert len(found.selected) == 3


def test_only_who_is_worth_more_than_they_cost_is_taken(population):
    value = Value(margin=10, contact_cost=4, redemption_cost=2)
    found = chosen(population, profitable=True, value=value, size=None)
    worth = expected_value(value, RANKING.value, is_effect=False)
    assert len(found.selected) == (worth > 0).sum() > 0


def test_an_effect_is_worth_its_margin_and_costs_what_the_share_that_redeems_does():
    value = Value(margin=100, contact_cost=1, redemption_cost=10, redemption_share=0.3)
    worth = expected_value(value, np.array([0.05]), is_effect=True)
    assert worth == pytest.approx([0.05 * 100 - 1 - 0.3 * 10])


def test_of_a_household_only_the_best_is_taken(population):
    households = np.full(COUNT, -1)
    households[[39, 38, 0]] = 7  # the two best, and the last
    found = chosen(population, households=households)
    assert found.ledger.excluded == {"household": 2}
    assert 0 in found.selected
    assert 1 not in found.selected


def test_somebody_is_counted_by_the_first_reason_that_applies(population):
    nobody = population.bits(np.array([], dtype=int))
    half = population.bits(np.arange(20))
    found = chosen(population, steps=[Step("condition", half), Step("suppressed", nobody)])
    assert found.ledger.excluded == {"condition": 20, "suppressed": 20}
    assert found.ledger.selected == 0


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    may=st.sets(st.integers(0, COUNT - 1)),
    scored=st.sets(st.integers(0, COUNT - 1)),
    households=st.lists(st.integers(-1, 5), min_size=COUNT, max_size=COUNT),
    size=st.integers(1, COUNT),
    share=st.floats(0.01, 0.99),
)
def test_everybody_has_one_outcome_whatever_is_asked(
    population, *, may, scored, households, size, share
):
    places = sorted(scored, reverse=True)
    found = chosen(
        population,
        ranking=ranked(places),
        steps=[Step("condition", population.bits(np.array(sorted(may), dtype=int)))],
        households=np.array(households),
        size=size,
        control_share=share,
    )
    ledger = found.ledger
    counts = np.bincount(found.outcome, minlength=len(OUTCOMES))
    assert counts.sum() == COUNT
    assert (counts[0], counts[1]) == (ledger.selected, ledger.control)
    assert dict(ledger.excluded) == {
        reason: count for reason, count in zip(OUTCOMES[2:], counts[2:], strict=True) if count
    }
    both = {places[one] for one in (*found.selected, *found.control)}
    assert len(both) == ledger.selected + ledger.control
    assert both <= may & scored
    homes = [households[place] for place in both if households[place] >= 0]
    assert len(homes) == len(set(homes))
    assert ledger.selected <= size


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    may=st.sets(st.integers(0, COUNT - 1)),
    scored=st.permutations(range(COUNT)).map(lambda order: order[:30]),
    size=st.integers(1, COUNT),
)
def test_the_first_are_the_first_whether_few_or_many_may(population, may, scored, size):
    bits = population.bits(np.array(sorted(may), dtype=int))
    expected = [at for at, place in enumerate(scored) if place in may][:size]
    assert first(ranked(scored), bits, size).tolist() == expected
