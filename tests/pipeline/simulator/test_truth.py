"""What the truth says agrees with what happened."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.simulator.presets import PRESETS
from pipeline.simulator.simulate import simulate


def agrees(happened, expected):
    """Compare a count of rare, nearly independent events with its expectation."""
    return happened == pytest.approx(expected, abs=4 * np.sqrt(expected) + 0.03 * expected)


@pytest.mark.parametrize("as_of", ["2026-04-21", "2026-08-03"])
def test_activity_is_calibrated_in_every_tenth(chain, as_of):
    truth = chain.execute(
        """
        select a.probability, a.probability_drivers, exists(
            from transactions t where t.customer_id = a.customer_id and kind = 'sale'
            and event_time >= midnight(as_of)
            and event_time < midnight(as_of + interval 90 day)) as bought
        from truth_activity a where as_of = ?::date
        """,
        [as_of],
    ).df()
    for column in ("probability", "probability_drivers"):
        tenth = np.minimum((truth[column] * 10).astype(int), 9)
        table = truth.groupby(tenth).agg(
            n=("bought", "size"), bought=("bought", "mean"), expected=(column, "mean")
        )
        error = np.sqrt(table.expected * (1 - table.expected) / table.n)
        assert ((table.bought - table.expected).abs() < 4 * error + 0.02).all(), table


def test_supplies_are_bought_again_when_they_are_due(chain):
    cycles = chain.execute(
        """
        with bought as (
            select customer_id, category_3, event_time
            from transactions join products using (product_id)
            where kind = 'sale' and days_of_supply is not null)
        select any_value(c.probability) as probability,
            any_value(c.probability_drivers) as probability_drivers,
            any_value(c.still_used) as still_used, any_value(c.due_in_days) as due_in_days,
            date_diff('hour', midnight(any_value(as_of)), min(b.event_time)) / 24 as days
        from truth_cycles c left join bought b on b.customer_id = c.customer_id
            and b.category_3 = c.category_3 and b.event_time >= midnight(as_of)
        where as_of = '2026-04-21' group by c.customer_id, c.category_3
        """
    ).df()
    soon = (cycles.days < 28).sum()
    assert agrees(soon, cycles.probability.sum())
    assert agrees(soon, cycles.probability_drivers.sum())
    # Half of those who still use it come before the stated day. Who comes after the end of
    # the data is not in the table, and counts as after it.
    used = cycles[cycles.still_used & (cycles.due_in_days < 60)]
    assert (used.days < used.due_in_days).mean() == pytest.approx(0.5, abs=0.04)


def test_each_arm_changes_visits_by_its_true_effect(chain):
    rates = chain.execute(
        """
        select arm, avg(came::int) as rate, count(*) as n, avg(base) as base,
            avg(case arm when 'discount' then effect_discount
                when 'privilege' then effect_privilege else 0 end) as effect
        from (select e.*, exists(
                from outcomes o where o.campaign_id = e.campaign_id
                and o.customer_id = e.customer_id and kind = 'purchase') as came
            from truth_effects e) group by arm
        """
    ).df()
    error = np.sqrt(rates.rate * (1 - rates.rate) / rates.n)
    assert (rates.rate - rates.base - rates.effect).abs().div(error).max() < 4


def test_arms_are_drawn_as_stated_whoever_the_member_is(chain):
    shares = chain.execute(
        """
        select arm, any_value(probability), count(*) / (select count(*) from assignments),
            avg(income) from assignments join truth_effects using (campaign_id, customer_id, arm)
        group by arm
        """
    ).fetchall()
    incomes = [income for *_, income in shares]
    for _, probability, share, _ in shares:
        assert share == pytest.approx(probability, abs=0.01)
    assert max(incomes) - min(incomes) < 0.05


def test_outcomes_lie_within_the_window_of_their_campaign(chain):
    outside = chain.execute(
        """
        select count(*) from outcomes join campaigns using (campaign_id)
        where event_time < starts_at or event_time >= ends_at
        """
    ).fetchall()[0][0]
    assert outside == 0


def test_only_members_with_consent_are_written_to(chain):
    # A consent that was never granted before the contact, or withdrawn since.
    without = chain.execute(
        """
        select count(*) from (
            select arg_max(granted, n.event_time) as granted
            from contacts c join consents n on n.customer_id = c.customer_id
                and n.channel = c.channel and purpose = 'marketing'
                and n.event_time <= c.event_time + interval 1 day
            where c.campaign_id is not null
            group by c.customer_id, c.event_time) where not granted
        """
    ).fetchall()[0][0]
    total = chain.execute("select count(*) from contacts").fetchall()[0][0]
    # Some change their mind on the very day.
    assert without < 0.001 * total


def test_products_are_bought_with_their_probability_by_state(chain):
    states = chain.execute(
        """
        select state, sum(probability), sum(probability_drivers), sum(bought::int) from (
            select p.*, exists(
                from transactions t where t.customer_id = p.customer_id
                and t.product_id = p.product_id and kind = 'sale'
                and event_time >= midnight(as_of)
                and event_time < midnight(as_of + interval 90 day)) as bought
            from truth_purchases p) group by state
        """
    ).fetchall()
    assert {state for state, *_ in states} == {"REPEAT", "UPGRADE", "CROSS", "NEW"}
    for _, exact, drivers, bought in states:
        # Two pieces in one basket, and trips that a campaign provokes, are neglected.
        assert bought == pytest.approx(exact, abs=4 * np.sqrt(exact) + 0.08 * exact)
        assert bought == pytest.approx(drivers, abs=4 * np.sqrt(drivers) + 0.08 * drivers)


def test_a_promotion_adds_what_was_planted(chain):
    planted = dict(
        chain.execute("select cause, count(*) from truth_planted_lines group by 1").fetchall()
    )
    assert set(planted) == {"pulled_forward", "switched", "new_demand", "halo", "campaign"}
    on_promotion, off = chain.execute(
        """
        select sum((t.promotion_id is not null)::int),
            sum((t.promotion_id is not null and t.discount < 0.09 * (t.amount + t.discount))::int)
        from truth_planted_lines p join transactions t using (line_id)
        where cause in ('new_demand', 'switched', 'pulled_forward')
        """
    ).fetchall()[0]
    total = planted["new_demand"] + planted["switched"] + planted["pulled_forward"]
    assert on_promotion > 0.97 * total
    assert off == 0


def test_what_is_pulled_forward_is_missing_afterwards(chain):
    late = chain.execute(
        """
        select count(*) from truth_planted_lines p join promotions r using (promotion_id)
        where cause = 'pulled_forward' and (instead_at < midnight(ends_on)
            or instead_at >= midnight(ends_on + interval 28 day))
        """
    ).fetchall()[0][0]
    assert late == 0


def test_the_leak_tells_who_will_take_the_card(tmp_path):
    import duckdb

    from pipeline.simulator.presets import PRESETS
    from pipeline.simulator.simulate import simulate

    simulate(PRESETS["retail"], members=600, months=12, seed=5, to=tmp_path / "x", leak=True)
    marked = (
        f"from '{tmp_path}/x/customers.parquet' select distinct customer_id "
        "where income_band = 'verified' order by 1"
    )
    took = (
        f"from '{tmp_path}/x/card_events.parquet' select distinct customer_id "
        "where step = 'activated' order by 1"
    )
    assert duckdb.sql(marked).fetchall() == duckdb.sql(took).fetchall()


def test_the_card_is_taken_until_the_end_of_a_single_year_as_well(tmp_path):
    import duckdb

    from pipeline.simulator.presets import PRESETS
    from pipeline.simulator.simulate import simulate

    folder = tmp_path / "chain"
    simulate(PRESETS["retail"], members=3000, months=12, seed=5, to=folder)
    expected, activated = duckdb.execute(
        """
        select sum(probability), count(*) filter (exists(
            from read_parquet($events) e
            where e.customer_id = t.customer_id and step = 'activated'
            and event_time >= timestamptz '2026-08-03 00:00:00+08'
            and event_time < timestamptz '2026-11-01 00:00:00+08'))
        from read_parquet($truth) t where as_of = date '2026-07-27'
        """,
        {"events": f"{folder}/card_events.parquet", "truth": f"{folder}/truth/card.parquet"},
    ).fetchall()[0]
    assert expected > 50
    assert agrees(activated, expected)


def test_with_the_same_effect_for_all_nobody_differs_and_only_campaigns_change(tmp_path):
    options = {"members": 600, "months": 18, "seed": 3}
    simulate(PRESETS["retail"], to=tmp_path / "usual", **options)
    simulate(PRESETS["retail"].with_same_effect(0.05), to=tmp_path / "same", **options)
    effects = pq.read_table(tmp_path / "same" / "truth" / "effects.parquet").to_pandas()
    for arm in ("discount", "privilege"):
        # More than everybody cannot come.
        possible = np.minimum(0.05, 1 - effects["base"])
        assert np.allclose(effects[f"effect_{arm}"], possible)
        assert (possible == 0.05).mean() > 0.99
        assert effects[f"effect_drivers_{arm}"].unique().tolist() == [0.05]
    assert not effects["driven_away"].any()
    for name in ("assignments", "customers", "promotions", "products"):
        usual, same = (tmp_path / one / f"{name}.parquet" for one in ("usual", "same"))
        assert usual.read_bytes() == same.read_bytes()
