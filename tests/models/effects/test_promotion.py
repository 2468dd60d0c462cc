"""What a promotion added, in a chain whose true increment is planted."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.effects import Promotion, promotion_effect
from models.learners import TrialError

STORES = [f"s{i}" for i in range(6)]
RAN = STORES[:3]
LEVEL = {"cola": 40.0, "lemonade": 30.0, "chips": 50.0, "juice": 60.0}
PROMOTED = slice(70, 73)  # weeks, of 90
AFTER = slice(73, 77)


def chain(seed, *, everywhere=False, lift=0.8, shocks=0.08):
    """Units by week, store and product, and the planted increments by part."""
    random = np.random.default_rng(seed)
    weeks = pd.date_range("2024-01-01", periods=90, freq="7D")
    season = 1 + 0.2 * np.sin(2 * np.pi * np.arange(90) / 52.18) + 0.002 * np.arange(90)
    common = season * np.exp(random.normal(0, shocks, 90))  # what moves all stores alike
    factor = {name: np.ones(90) for name in LEVEL}
    factor["cola"][PROMOTED] += lift
    factor["cola"][AFTER] -= 0.15 * bool(lift)
    factor["lemonade"][PROMOTED] -= 0.3 * bool(lift)
    factor["chips"][PROMOTED] += 0.2 * bool(lift)
    rows, planted = [], dict.fromkeys(("own", "pull-forward", "cannibalisation", "halo"), 0.0)
    parts = {"cola": "own", "lemonade": "cannibalisation", "chips": "halo"}
    for store in STORES:
        size = random.uniform(0.5, 2)
        for name, level in LEVEL.items():
            quiet = level * size * common
            moved = factor[name] if everywhere or store in RAN else np.ones(90)
            units = random.poisson(quiet * moved)
            rows.append(
                pd.DataFrame({"week": weeks, "store_id": store, "product_id": name, "units": units})
            )
            if name in parts:
                planted[parts[name]] += (quiet * (moved - 1))[PROMOTED].sum()
                if name == "cola":
                    planted["pull-forward"] += (quiet * (moved - 1))[AFTER].sum()
    table = pd.concat(rows, ignore_index=True)
    table = table.assign(sales=table["units"] * 2.0, margin=table["units"] * 0.5)
    return table, planted | {"net": sum(planted.values())}


def promotion(**changes):
    given = {
        "products": ["cola"],
        "family": ["lemonade"],
        "companions": ["chips"],
        "category": ["juice"],
        "starts_on": date(2025, 5, 5),
        "ends_on": date(2025, 5, 26),
        "stores": RAN,
    }
    return Promotion(**given | changes)


def test_every_part_is_found_with_its_sign_against_stores_without_the_promotion():
    table, planted = chain(0)
    found = promotion_effect(table, promotion())
    assert found.design == "difference in differences"
    units = found.summary.query("measure == 'units'").set_index("part")
    for part in ("own", "cannibalisation", "halo", "net"):
        assert units.loc[part, "low"] < planted[part] < units.loc[part, "high"]
    assert units.loc["own", "low"] > 0
    assert units.loc["cannibalisation", "high"] < 0
    assert units.loc["pull-forward", "value"] < 0


def test_sales_and_margin_are_their_units_times_price_and_margin():
    found = promotion_effect(chain(1)[0], promotion()).summary.set_index(["measure", "part"])[
        "value"
    ]
    assert found["sales", "own"] == pytest.approx(2 * found["units", "own"])
    assert found["margin", "net"] == pytest.approx(0.5 * found["units", "net"])


@pytest.mark.parametrize("everywhere", [False, True])
def test_weeks_before_a_product_was_launched_are_not_quiet_ones(everywhere):
    table, planted = chain(3, everywhere=everywhere)
    launched = pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=35)
    late = table[(table["product_id"] != "lemonade") | (table["week"] >= launched)]
    stores = None if everywhere else RAN
    cut, whole = (
        promotion_effect(rows, promotion(stores=stores)).summary.set_index(["measure", "part"])
        for rows in (late, table)
    )
    lost = cut.loc[("units", "cannibalisation")]
    assert lost["low"] < planted["cannibalisation"] < lost["high"]
    # Without the zeros of the first weeks it is known nearly as well as with all weeks.
    known = whole.loc[("units", "cannibalisation")]
    assert lost["high"] - lost["low"] < 1.5 * (known["high"] - known["low"])


@pytest.mark.nightly
@pytest.mark.parametrize("everywhere", [False, True])
def test_at_least_95_percent_of_intervals_contain_the_planted_increment(everywhere):
    covered = dict.fromkeys(("own", "net"), 0)
    for seed in range(400):
        table, planted = chain(1_000 + seed, everywhere=everywhere)
        stores = None if everywhere else RAN
        found = promotion_effect(
            table[["week", "store_id", "product_id", "units"]], promotion(stores=stores)
        )
        units = found.summary.set_index("part")
        for part in covered:
            covered[part] += units.loc[part, "low"] <= planted[part] <= units.loc[part, "high"]
    assert min(covered.values()) >= 380


def test_a_margin_given_away_is_a_loss_and_not_an_error():
    table, planted = chain(8)
    promoted = (table["product_id"] == "cola") & table["store_id"].isin(RAN)
    promoted &= table["week"].between("2025-05-05", "2025-05-19")
    table.loc[promoted, "margin"] = -0.2 * table.loc[promoted, "units"]
    found = promotion_effect(table, promotion()).summary.set_index(["measure", "part"])
    quiet_margin = found.loc[("margin", "own"), "expected"]
    assert found.loc[("margin", "own"), "high"] < -quiet_margin
    assert found.loc[("units", "own"), "low"] < planted["own"]


def test_a_promotion_that_did_nothing_is_seldom_called_one():
    wrong = 0
    for seed in range(40):
        table, _ = chain(200 + seed, lift=0.0)
        own = promotion_effect(
            table[["week", "store_id", "product_id", "units"]], promotion()
        ).summary
        own = own.set_index("part").loc["own"]
        wrong += not own["low"] <= 0 <= own["high"]
    assert wrong <= 6


def test_other_stores_make_the_interval_narrower_than_a_baseline():
    table, _ = chain(3, shocks=0.15)
    with_others = promotion_effect(table, promotion()).summary.iloc[0]
    alone = table[table["store_id"].isin(RAN)]
    without = promotion_effect(alone, promotion(stores=None, category=()))
    assert without.design == "baseline"
    row = without.summary.iloc[0]
    assert with_others["high"] - with_others["low"] < 0.6 * (row["high"] - row["low"])


def test_details_by_product_store_and_week_add_up_to_the_own_effect():
    table, _ = chain(4)
    found = promotion_effect(table, promotion())
    own = found.summary.set_index(["measure", "part"]).loc[("units", "own")]
    assert len(found.detail) == 3 * 3
    assert found.detail["increment"].sum() == pytest.approx(own["value"])


def test_a_festival_in_the_calendar_is_not_taken_for_the_promotion():
    table, _ = chain(5, everywhere=True, lift=0.0)
    festival = np.zeros(90)
    festival[[18, 19, 44, 45, 70, 71]] = 1.0
    weeks = pd.date_range("2024-01-01", periods=90, freq="7D")
    boost = table["week"].map(dict(zip(weeks, 1 + festival, strict=True)))
    table = table.assign(units=table["units"] * boost)
    calendar = pd.DataFrame({"festival": festival}, index=weeks)
    given = promotion(stores=None, category=())
    blind = promotion_effect(table, given).summary.iloc[0]
    aware = promotion_effect(table, given, calendar=calendar).summary.iloc[0]
    assert blind["low"] > 0
    assert aware["low"] < 0 < aware["high"]


def test_too_little_history_or_a_promotion_outside_it_is_refused():
    table, _ = chain(6)
    short = table[table["week"].between("2025-04-14", "2025-06-30")]
    with pytest.raises(TrialError, match="Pass more history"):
        promotion_effect(short, promotion())
    with pytest.raises(TrialError, match="pass weeks before, during and after"):
        promotion_effect(table, promotion(starts_on=date(2030, 1, 7), ends_on=date(2030, 1, 14)))
    with pytest.raises(TrialError, match="check the ids"):
        promotion_effect(table, promotion(stores=["elsewhere"]))


def test_weeks_that_begin_on_another_day_are_refused():
    table, _ = chain(7)
    table.loc[5, "week"] += pd.Timedelta(days=1)
    with pytest.raises(TrialError, match="another weekday"):
        promotion_effect(table, promotion())
