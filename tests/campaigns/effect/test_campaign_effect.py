"""A campaign's effect: found with its interval, or refused with the reason."""

from datetime import date, timedelta

import numpy as np
import pytest
from shop import Row, at, fact, member, product, sale, shop

from campaigns.effect.campaign import effect_of_campaign
from campaigns.effect.errors import EffectError
from models.promotion_lift import promotion_lift

DRAWN = date(2024, 5, 1)
AS_OF = date(2024, 6, 1)
COUNT = 1200


def chain(*, arms=("control", "coupon"), probability=0.5, ends="2024-05-15", helped=0.2, seed=1):
    """Customers of whom one in ten buys, and a coupon that brings one in five of the others."""
    random = np.random.default_rng(seed)
    names = [f"m{n}" for n in range(COUNT)]
    arm = random.choice(arms, COUNT)
    came = random.random(COUNT) < 0.1
    came |= (arm == "coupon") & (random.random(COUNT) < helped)
    regular = random.random(COUNT) < 0.3
    lines = [
        sale(name, DRAWN + timedelta(days=3)) for name, yes in zip(names, came, strict=True) if yes
    ]
    lines += [sale(name, "2024-03-01") for name, yes in zip(names, regular, strict=True) if yes]
    assigned = [
        Row("assignments", values, values)
        for name, own in zip(names, arm, strict=True)
        if (
            values := {
                "campaign_id": "spring",
                "customer_id": name,
                "arm": own,
                "probability": probability,
                "assigned_at": at(DRAWN),
            }
        )
    ]
    about = {
        "campaign_id": "spring",
        "goal": "visit",
        "channel": "email",
        "starts_at": at(DRAWN),
        "ends_at": at(ends),
        "contact_cost": 2.0,
        "redemption_cost": 30.0,
    }
    redeemed = [
        fact("outcomes", name, "2024-05-04", campaign_id="spring", kind="redemption")
        for name, own, yes in zip(names, arm, came, strict=True)
        if own == "coupon" and yes
    ]
    return shop(
        *lines,
        products=[product("kettle", unit_cost=60.0)],
        campaigns=[Row("campaigns", about, about)],
        assignments=assigned,
        outcomes=redeemed,
        members=[member(name) for name in names],
    )


def effect(grains, **given):
    options = {"as_of": AS_OF, "time_zone": "UTC", "level": 0.95, "seed": 0, **given}
    return effect_of_campaign("spring", grains, promotion_lift, **options)


def test_the_planted_effect_lies_in_the_interval_and_money_is_counted_to_the_end():
    told = effect(chain())
    by_outcome = {row.outcome: row for row in told.added}
    bought = by_outcome["bought"]
    assert bought.low < 0.9 * 0.2 < bought.high
    assert bought.low > 0.1
    assert by_outcome["margin"].effect == pytest.approx(40 * bought.effect)
    # Everybody who drew the coupon cost a contact, and all who came with it a redemption.
    redeemed = bought.control_mean + bought.unadjusted
    paid = by_outcome["margin"].effect - by_outcome["net"].effect
    assert paid == pytest.approx(2 + 30 * redeemed, rel=0.05)
    assert bought.total == pytest.approx(bought.effect * bought.customers)
    assert (told.horizon_days, told.closed_on) == (14, date(2024, 5, 15))


def test_without_an_effect_the_interval_holds_zero():
    bought = effect(chain(helped=0.0)).added[0]
    assert bought.low < 0 < bought.high


def test_without_probabilities_the_answer_is_stamped_observational():
    assert not effect(chain(probability=None)).randomised
    assert effect(chain()).randomised


@pytest.mark.parametrize(
    ("grains", "options", "reason"),
    [
        ({"arms": ("coupon", "gift")}, {}, "no customer is in the control arm 'control'"),
        ({"probability": 0.7}, {}, "do not sum to one"),
        ({}, {"as_of": date(2024, 5, 10)}, "its outcome window closes on 2024-05-15"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_reason(grains, options, reason):
    with pytest.raises(EffectError, match=reason):
        effect(chain(**grains), **options)


def test_a_campaign_without_assignments_says_what_to_deliver():
    about = {"campaign_id": "spring", "starts_at": at(DRAWN)}
    grains = shop(sale("ann", "2024-05-02"), campaigns=[Row("campaigns", about, about)])
    with pytest.raises(EffectError, match="Deliver who drew which arm"):
        effect(grains)
