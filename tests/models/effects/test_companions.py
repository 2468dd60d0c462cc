import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, hypergeom

from models.effects.companions import companions

PRODUCTS = 120


def baskets(seed, n=4_000, *, planted=(), seasonal=False):
    """Lines of baskets whose products are independent, given how full the basket is.

    Popularity falls by rank and fullness varies widely. With `seasonal`, products of odd
    number sell four times as well in one season, those of even number in the other. A
    planted product follows product 3 at a rate.
    """
    rng = np.random.default_rng(seed)
    rate = 0.25 / (1 + np.arange(PRODUCTS) / 8)
    fullness = rng.gamma(1.5, 1 / 1.5, size=n)
    season = np.arange(n) % 2
    heat = rate * np.ones((n, 1))
    if seasonal:
        heat = heat * np.where(np.arange(PRODUCTS) % 2 == season[:, None], 2.0, 0.5)
    held = rng.random((n, PRODUCTS)) < 1 - np.exp(-heat * fullness[:, None])
    for product, share in planted:
        held[:, product] |= held[:, 3] & (rng.random(n) < share)
    basket, product = np.nonzero(held)
    return pd.DataFrame({"basket": basket, "product": product, "season": season[basket]})


def test_planted_companions_are_found_and_hardly_anything_else():
    planted = {20: 0.15, 40: 0.12, 60: 0.10, 75: 0.10, 90: 0.08, 110: 0.08}
    found, right = 0, 0
    for seed in range(5):
        lines = baskets(seed, planted=planted.items())
        table = companions(lines["basket"], lines["product"], 3)
        names = set(table.index[table["found"]])
        found, right = found + len(names), right + len(names & set(planted))
    assert right / found >= 0.9
    assert right / (5 * len(planted)) >= 0.9


@pytest.mark.parametrize("seasonal", [False, True])
def test_among_independent_products_a_discovery_is_no_more_frequent_than_stated(seasonal):
    runs, false_alarms = 40, 0
    for seed in range(runs):
        lines = baskets(1_000 + seed, n=1_000, seasonal=seasonal)
        stratum = lines["season"] if seasonal else None
        table = companions(
            lines["basket"], lines["product"], 3, stratum=stratum, error_rate=0.2, min_count=3
        )
        false_alarms += table["found"].any()
    # With nothing to find, the rate of false discoveries is that of any discovery.
    assert false_alarms <= binom.ppf(0.99, runs, 0.2)


def test_without_strata_full_baskets_and_seasons_would_pass_for_associations():
    lines = baskets(7, seasonal=True)
    blind = companions(lines["basket"], lines["product"], 3)
    aware = companions(lines["basket"], lines["product"], 3, stratum=lines["season"])
    assert blind["found"].sum() > 5
    assert aware["found"].sum() <= 1
    assert (aware["lift"] > 1.2).sum() > 20  # the plain lift is fooled by both


def test_the_interval_of_the_added_lift_holds_what_was_planted():
    runs, covered = 15, 0
    for seed in range(runs):
        without, lines = (
            baskets(seed, n=2_000, planted=planted) for planted in ([], [(110, 0.08)])
        )
        pairs = without.groupby("basket")["product"].agg(set)
        by_chance = sum({3, 110} <= held for held in pairs)
        with_lead = sum(3 in held for held in pairs)
        row = companions(lines["basket"], lines["product"], 3).loc[110]
        truth = (by_chance + 0.08 * (with_lead - by_chance)) / row["expected"]
        covered += row["low"] < truth < row["high"]
    assert covered >= binom.ppf(0.01, runs, 0.95)


LINES = pd.DataFrame(
    [
        *[(f"a{i}", p) for i in range(8) for p in ("vacuum", "bags")],
        *[(f"b{i}", p) for i in range(2) for p in ("vacuum", "tea")],
        *[(f"c{i}", p) for i in range(10) for p in ("kettle", "tea")],
        *[(f"d{i}", "bags") for i in range(4)],
        *[(f"e{i}", "tea") for i in range(36)],
    ],
    columns=["basket", "product"],
)


def test_figures_are_those_worked_out_by_hand():
    table = companions(LINES["basket"], LINES["product"], "vacuum", margin={"bags": 4.0})
    bags, tea = table.loc["bags"], table.loc["tea"]
    assert bags["support"] == 8 / 60
    assert bags["confidence"] == 8 / 10
    assert bags["lift"] == pytest.approx(8 / 10 / (12 / 60))
    # Compared with the 40 baskets of one further product, not with the 10 of kettle and tea.
    assert bags["expected"] == pytest.approx(10 * 12 / 50)
    assert bags["p_value"] == pytest.approx(hypergeom(50, 10, 12).sf(7))
    assert bags["q_value"] == pytest.approx(3 * bags["p_value"])
    assert bags["expected_margin"] == pytest.approx(0.8 * 4)
    assert (tea["together"], tea["p_value"], tea["found"]) == (2, 1, False)
    assert table.loc["kettle", "together"] == 0


def test_a_product_repeated_in_a_basket_counts_once():
    twice = pd.concat([LINES, LINES])
    one = companions(LINES["basket"], LINES["product"], "kettle")
    two = companions(twice["basket"], twice["product"], "kettle")
    pd.testing.assert_frame_equal(one, two)


def test_fewer_joint_baskets_than_asked_for_are_never_found():
    table = companions(LINES["basket"], LINES["product"], "vacuum", min_count=9)
    assert not table["found"].any()


def test_a_lead_that_nobody_bought_and_missing_values_are_refused():
    with pytest.raises(ValueError, match="no basket holds the lead"):
        companions(LINES["basket"], LINES["product"], "robot")
    with pytest.raises(ValueError, match="1 and 0 of them missing"):
        companions(["a", None], ["tea", "pot"], "tea")
    with pytest.raises(ValueError, match="pass one per line"):
        companions(["a", "b"], ["tea", "pot"], "tea", stratum=["x"])
    with pytest.raises(ValueError, match="error_rate is 2"):
        companions(["a"], ["tea"], "tea", error_rate=2)
