"""Who could still take the card, and what counts as taking it."""

from datetime import date

import numpy as np
import pandas as pd
from shop import fact, member, shop

from features.card import card_state, days_since_card_application, holds_card
from models.card_uptake import card_uptake
from models.definition import Sampling
from pipeline.labels import label_table
from pipeline.snapshot_table import seen, snapshot_table

AS_OF = date(2024, 6, 1)
OPENS, LAST, CLOSES = "2024-06-08", "2024-09-05", "2024-09-06"  # 7 days of gap, then 90 days


def step(customer, when, name, **given):
    return fact("card_events", customer, when, step=name, **given)


def labels(*steps):
    """Labels at the cut-off of whoever has a step, and of dee, who has none, by customer."""
    people = {row["customer_id"] for row in steps} | {"dee"}
    grains = shop(card_events=list(steps), members=[member(name) for name in people])
    with seen(grains, [AS_OF]) as at:
        table = label_table(
            grains,
            card_uptake,
            snapshot=snapshot_table(
                at, features=[card_state, days_since_card_application, holds_card]
            ),
            as_of=AS_OF,
            gap_days=card_uptake.gap_days,
            horizon_days=card_uptake.horizon_days,
            known_before=date(2025, 1, 1),
        )
        return grains.connection.to_pandas(table).set_index("customer_id")


def test_who_holds_the_card_is_not_asked_again_but_who_cancelled_it_is():
    held = [step("ann", "2024-01-05", "activated"), step("bob", "2024-01-05", "activated")]
    found = labels(*held, step("bob", "2024-03-01", "cancelled"))
    assert set(found.index) == {"bob", "dee"}


def test_who_was_declined_within_half_a_year_is_not_asked():
    found = labels(
        step("ann", "2023-12-04", "applied"),  # 180 days before
        step("ann", "2023-12-06", "declined"),
        step("bob", "2023-12-03", "applied"),  # 181 days before
        step("bob", "2023-12-05", "declined"),
        step("cho", "2024-05-30", "applied"),
    )
    assert set(found.index) == {"bob", "cho", "dee"}


def test_an_activation_counts_from_the_end_of_the_gap_to_the_end_of_the_window():
    found = labels(
        step("ann", "2024-06-07 23:59:59", "activated"),
        step("bob", f"{OPENS} 00:00:00", "activated"),
        step("cho", f"{LAST} 23:59:59", "activated"),
        step("eve", f"{CLOSES} 00:00:00", "activated"),
    )
    assert found.label.to_dict() == {"ann": 0, "bob": 1, "cho": 1, "dee": 0, "eve": 0}


def test_the_steps_on_the_way_are_kept_beside_the_label():
    found = labels(
        step("ann", "2024-07-01", "applied"),
        step("ann", "2024-07-03", "approved"),
        step("bob", "2024-07-01", "applied"),
        step("bob", "2024-07-03", "declined"),
    )
    assert found.columns.tolist() == ["label", "applies_for_card", "gets_card_approved"]
    assert found.loc["ann"].tolist() == [0, 1, 1]
    assert found.loc["bob"].tolist() == [0, 1, 0]
    assert found.loc["dee"].tolist() == [0, 0, 0]


def test_the_level_survives_the_thinning_of_negatives():
    """The learner of the card, on a fifth of the negatives, promises what all rows keep."""
    random = np.random.default_rng(3)
    X = pd.DataFrame({"age_years": random.integers(18, 80, 20_000)})
    y = random.random(len(X)) < np.where(X.age_years < 40, 0.06, 0.02)
    rate = Sampling(most_rows=4600).keep_rate(len(y), int(y.sum()))
    assert 0.15 < rate < 0.25
    kept = y | (random.random(len(y)) < rate)
    learner = card_uptake.learner(1).fit(X[kept], y[kept], keep_rate=rate)
    promised = learner.predict_proba(X)[:, 1]
    assert abs(y.sum() / promised.sum() - 1) < 0.05
