"""Companions of a lead, from tables: what is looked at, and what must not be."""

from datetime import date

import pytest
from shop import product, sale, shop

from pipeline.companions import CompanionsError, find_companions

AS_OF = date(2024, 6, 1)
SHELF = [
    product("vacuum", category="home", category_3="vacuums", unit_cost=60.0),
    product("vacuum 2", category="home", category_3="vacuums", unit_cost=60.0),
    product("bags", brand="Bago", category="home", category_3="bags", unit_cost=40.0),
    product("tea", category="kitchen", category_3="tea"),
    product("pill", category="care", category_3="pills", purpose="health"),
    product("cup", category="kitchen", category_3="cups"),
    product("thing"),
]


def basket(number, *names, day="2024-05-07", customer=None, **given):
    return [
        sale(customer or f"c{number}", day, order=f"o{number}", product=name, **given)
        for name in names
    ]


def lines(first, *names, times, **given):
    return [line for n in range(times) for line in basket(first + n, *names, **given)]


#: Baskets of two that have nothing to do with a vacuum cleaner.
OTHERS = lines(900, "tea", "cup", times=40)
TOGETHER = [
    *OTHERS,
    *lines(0, "vacuum", "bags", times=20),
    *lines(100, "vacuum", times=5),
    *lines(200, "tea", times=60),
    *lines(300, "bags", times=5),
]


def found(*rows, lead="vacuum", **given):
    return find_companions(shop(*rows, products=SHELF), lead, as_of=AS_OF, **given)


def test_what_is_bought_with_the_lead_is_found_with_what_it_is_worth():
    result = found(*TOGETHER)
    (bags,) = result.companions
    assert (bags.companion, bags.seen_in) == ("bags", "basket")
    assert (bags.together, bags.confidence, result.with_lead) == (20, 0.8, 25)
    assert bags.support == 20 / 130
    assert bags.expected_margin == pytest.approx(0.8 * (100 - 40))
    assert 1 < bags.low < bags.added_lift < bags.high


def test_a_category_takes_its_products_together():
    other = lines(400, "vacuum 2", "bags", times=7)
    result = found(*TOGETHER, *other, lead_by="category")
    assert (result.lead, result.companions[0].companion) == ("vacuums", "bags")
    assert result.companions[0].together == 27


def test_what_comes_days_later_is_found_in_sequences_only():
    later = [
        line
        for n in range(20)
        for day, name in (("2024-05-07", "vacuum"), ("2024-05-12", "bags"))
        for line in basket(f"{n}-{name}", name, day=day, customer=f"c{n}")
    ]
    rows = [*later, *OTHERS, *lines(200, "tea", times=60)]
    assert [one.seen_in for one in found(*rows).companions] == ["sequence"]
    assert found(*rows, within_days=0).companions == ()
    assert found(*rows, within_days=3).companions == ()


def test_lines_that_became_known_at_the_cut_off_are_not_seen():
    late = lines(500, "vacuum", "bags", times=9, known="2024-06-01 00:00")
    assert found(*TOGETHER, *late) == found(*TOGETHER)


def test_a_health_product_is_never_a_companion_nor_a_lead():
    ill = lines(600, "vacuum", "pill", times=30)
    assert "pill" not in {one.companion for one in found(*TOGETHER, *ill).companions}
    with pytest.raises(CompanionsError, match="no product pill among those"):
        found(*TOGETHER, *ill, lead="pill")


def test_a_season_looks_at_the_weeks_before_its_festival_alone():
    # Mother's Day of 2024 is 12 May; most vacuum cleaners were sold in February.
    winter = lines(700, "vacuum", "tea", times=30, day="2024-02-06")
    result = found(*TOGETHER, *winter, season="mothers_day")
    assert (result.with_lead, [one.companion for one in result.companions]) == (25, ["bags"])
    with pytest.raises(CompanionsError, match=r"easter is no season. Seasons: .*mothers_day"):
        found(*TOGETHER, season="easter")


def test_a_lead_that_cannot_be_looked_for_is_refused_with_the_way_out():
    with pytest.raises(CompanionsError, match="no product nothing"):
        found(*TOGETHER, lead="nothing")
    with pytest.raises(CompanionsError, match=r"has no category. Ask with --lead-by product"):
        found(*TOGETHER, *lines(800, "thing", times=3), lead="thing", lead_by="category")
    with pytest.raises(CompanionsError, match="holds vacuum 2"):
        found(*TOGETHER, lead="vacuum 2")


def test_what_is_given_away_or_has_no_cost_has_no_margin_but_is_found():
    free = lines(0, "vacuum", "tea", times=20, amount=0.0)
    (tea,) = found(*free, *lines(100, "bags", "cup", times=60)).companions
    assert (tea.companion, tea.expected_margin) == ("tea", None)
