"""One shop with campaigns sound and unsound, trained on once for all tests that look at it."""

import offers
import pandas as pd
import pytest

from models.promotion_lift import promotion_lift
from pipeline.lift.train import train

#: Sound campaigns, by the day of their draw.
SOUND = {"C-fair": 100, "C-fair-too": 140}


def campaigns_of(people):
    """Two sound campaigns; one for each kind of bad input; and one that is too young."""
    few = people.head(140)
    thirds = dict.fromkeys(("control", "coupon", "gift"), 1 / 3)
    return {
        "C-fair": offers.drawn("C-fair", 100, people),
        "C-no-control": offers.drawn("C-no-control", 110, people, arms=("coupon", "gift")),
        "C-small": offers.drawn("C-small", 115, few),
        "C-no-sum": offers.drawn(
            "C-no-sum", 120, people, probability={"control": 0.5, "coupon": 0.7}
        ),
        "C-other-shares": offers.drawn(
            "C-other-shares",
            125,
            people,
            shares={"control": 0.35, "coupon": 0.65},
            probability={"control": 0.5, "coupon": 0.5},
        ),
        "C-leak": offers.drawn("C-leak", 130, people, seed=5),
        "C-fair-too": offers.drawn("C-fair-too", 140, people, shares=thirds),
        "C-young": offers.drawn("C-young", 195, people),
    }


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("designs")
    people = offers.members()
    made = campaigns_of(people)
    until = offers.FIRST + pd.Timedelta(days=200)
    sold = [offers.purchases(people, until=until)]
    sold += [offers.helped(made[name], day) for name, day in SOUND.items()]
    # Written into a table without history after the draw of one campaign.
    took = made["C-leak"].query("arm == 'coupon'")["customer_id"].head(200)
    people.loc[people["customer_id"].isin(took), "income_band"] = "has the coupon"
    data = offers.delivered(
        folder / "data",
        customers=people,
        transactions=pd.concat(sold),
        campaigns=offers.campaigns(*made.values()),
        assignments=pd.concat(made.values()),
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        project = offers.built(folder / "project", data, monkeypatch=monkeypatch)
        train(project, promotion_lift)
    return project
