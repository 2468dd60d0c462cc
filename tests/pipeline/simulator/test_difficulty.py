"""How hard the chain's truth is to find: fixed here before any model is written.

A change that moves one of these figures out of its band changes the task. It belongs in a
commit of its own, with every figure that rests on it measured again; see `docs/simulator.md`.
"""

import numpy as np
import pytest

CUTOFFS = ("2026-04-21", "2026-07-27")


def auc(outcome, score):
    from scipy.stats import rankdata

    outcome = np.asarray(outcome, dtype=bool)
    ranks = rankdata(score)
    positives = outcome.sum()
    negatives = len(outcome) - positives
    return (ranks[outcome].sum() - positives * (positives + 1) / 2) / (positives * negatives)


@pytest.fixture(scope="module")
def card(chain):
    return chain.execute(
        """
        select truth_card.*, exists(
            from card_events e
            where e.customer_id = truth_card.customer_id and step = 'activated'
            and e.event_time >= midnight(as_of + interval 7 day)
            and e.event_time < midnight(as_of + interval 97 day)) as activated
        from truth_card where as_of in ('2026-04-21', '2026-07-27')
        """
    ).df()


def test_between_2_and_4_percent_activate_the_card(card):
    assert 0.02 < card.activated.mean() < 0.04
    assert 0.02 < card.probability.mean() < 0.04


def test_the_true_card_probability_has_an_auc_between_072_and_080(card):
    assert 0.72 < auc(card.activated, card.probability) < 0.80


def test_the_card_drivers_alone_have_an_auc_between_067_and_076(card):
    assert 0.67 < auc(card.activated, card.probability_drivers) < 0.76


def test_at_least_30_percent_of_the_card_log_odds_are_hidden_from_any_model(card):
    free = card[card.state == "open"]
    whole = free.log_odds_drivers + free.log_odds_hidden
    explained = np.corrcoef(free.log_odds_drivers, whole)[0, 1] ** 2
    assert 0.30 < 1 - explained < 0.50


def test_the_true_card_probability_is_calibrated(card):
    expected = card.probability.sum()
    assert card.activated.sum() == pytest.approx(expected, abs=4 * np.sqrt(expected))


@pytest.mark.parametrize("arm", ["discount", "privilege"])
def test_the_mean_lift_lies_between_03_and_10_points(chain, arm):
    effects = chain.table("truth_effects").df()
    assert 0.003 < effects[f"effect_{arm}"].mean() < 0.010


@pytest.mark.parametrize("arm", ["discount", "privilege"])
def test_every_kind_of_member_is_there(chain, arm):
    kinds = chain.table("truth_effects").df()[f"kind_{arm}"].value_counts(normalize=True)
    assert 0.10 < kinds["persuadable"] < 0.35
    assert 0.02 < kinds["sleeping_dog"] < 0.15
    assert 0.03 < kinds["sure_thing"] < 0.20
    assert 0.40 < kinds["lost_cause"] < 0.80


@pytest.mark.parametrize("arm", ["discount", "privilege"])
def test_the_drivers_find_at_least_90_percent_of_the_area_under_the_uplift_curve(chain, arm):
    truth = chain.table("truth_effects").df()
    exact, drivers = truth[f"effect_{arm}"].to_numpy(), truth[f"effect_drivers_{arm}"].to_numpy()

    def area(score):
        gained = exact[np.argsort(-score, kind="stable")].cumsum()
        return (gained - np.arange(1, len(gained) + 1) * exact.mean()).sum()

    assert area(drivers) > 0.90 * area(exact)


@pytest.fixture(scope="module")
def activity(chain):
    return chain.execute(
        """
        select a.*, exists(
            from transactions t where t.customer_id = a.customer_id and kind = 'sale'
            and amount >= 0 and event_time >= midnight(as_of)
            and event_time < midnight(as_of + interval 90 day)) as bought
        from truth_activity a where as_of = '2026-08-03'
        """
    ).df()


def test_half_of_the_members_buy_within_90_days_and_recency_alone_finds_them_with_078_to_086(
    activity,
):
    assert 0.45 < activity.bought.mean() < 0.58
    assert 0.78 < auc(activity.bought, -activity.days_since_purchase) < 0.86


def test_the_drivers_of_activity_reach_an_auc_of_089_to_094(activity):
    # More than recency can: rates, regularity, cycles and the silence of who has left.
    assert 0.89 < auc(activity.bought, activity.probability_drivers) < 0.94


def test_supplies_are_bought_again_within_28_days_by_12_to_20_percent(chain):
    rate, drivers = chain.execute(
        "select avg(probability), avg(probability_drivers) from truth_cycles "
        "where as_of = '2026-04-21'"
    ).fetchall()[0]
    assert 0.12 < rate < 0.20
    assert 0.12 < drivers < 0.20


def test_a_planted_companion_is_taken_with_its_probability(chain):
    pairs = chain.execute(_PAIRS + " where kind = 'planted'").df()
    assert len(pairs) == 23
    # Impulses and promotions add a little to each; what was switched takes a little away.
    assert (pairs.confidence - pairs.probability).between(-0.04, 0.06).all()
    assert pairs.lift.min() > 2


def test_pairs_that_were_not_planted_do_not_meet_more_often_than_by_chance(chain):
    strangers = chain.execute(_PAIRS + " where kind is null and together >= 20").df()
    assert len(strangers) > 100
    assert strangers.lift.max() < 1.1


_PAIRS = """
    with basket as (
        select distinct order_id, category_3 as family
        from transactions join products using (product_id) where kind = 'sale'),
    heat as (select family, count(*) as baskets from basket group by 1),
    pair as (
        select a.family as lead, b.family as companion, count(*) as together
        from basket a join basket b on a.order_id = b.order_id and a.family <> b.family
        group by 1, 2),
    known as (
        select lead, companion, kind, probability from truth_companions
        union all select companion, lead, 'reverse', null from truth_companions)
    select pair.*, known.kind, known.probability,
        together / l.baskets as confidence,
        together * (select count(distinct order_id) from basket)
        / (l.baskets * c.baskets) as lift
    from pair join heat l on l.family = pair.lead join heat c on c.family = pair.companion
    left join known on known.lead = pair.lead and known.companion = pair.companion
"""
