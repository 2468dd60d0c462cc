"""What customers of a later campaign say of effects that were learned from earlier ones."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from models.definition import LiftModel
from models.effects.shipped import Learned
from models.measures import arm_scores, bootstrap_uplift, effect_line
from models.measures.policy import mean_interval
from pipeline.evaluation import Figure
from pipeline.lift.observational import LEAST_CHANCE, fitted_arm_chances
from pipeline.lift.policy import Policy, best_single, gained, recommended, rivals
from pipeline.lift.rows import LiftRows

#: Names under which rankings are compared.
MODEL, PROPENSITY = "model", "propensity"
#: What is printed of each offer's ranking, by the name of the bootstrap.
PRINTED = {
    "average_effect": "average_effect",
    "qini": "qini",
    "autoc": "autoc",
    "uplift_at_0.1": "uplift_at_10_percent",
}


class Judged(NamedTuple):
    """Figures of one model on the untouched rows.

    Attributes
    ----------
    measures : dict of Figure
        By name; those of an offer's ranking end in its name.
    baselines, differences : dict of dict of Figure
        The same of each alternative, and the model minus each.
    scores : DataFrame of shape (n, n_offers)
        Doubly robust effects of each offer, in outcome units.
    net : DataFrame of shape (n, n_offers)
        The same in money, costs taken off.
    effects, ranking : DataFrame of shape (n, n_offers)
        What is shipped, and what the learner itself says.
    probability : array of shape (n,)
        Of the outcome, whatever the arm.
    policy : Policy
        Who is given what.
    draws : dict of UpliftDraws
        By offer.
    slopes : dict of Line
        By offer: real on predicted effects.
    """

    measures: dict[str, Figure]
    baselines: dict[str, dict[str, Figure]]
    differences: dict[str, dict[str, Figure]]
    scores: pd.DataFrame
    net: pd.DataFrame
    effects: pd.DataFrame
    ranking: pd.DataFrame
    probability: np.ndarray
    policy: Policy
    draws: dict[str, Any]
    slopes: dict[str, Any]


def judge(
    learned: Learned, rows: LiftRows, model: LiftModel, *, level: float, draws: int, seed: int
) -> Judged:
    """Measure what was learned on untouched rows.

    Scores are doubly robust: outcomes are adjusted by what training expects of each customer,
    and weighted by the probabilities of the draw. Whole customers are resampled.
    """
    ranking, effects = learned.ranking(rows.X), learned.effects(rows.X).value
    probability = learned.probability(rows.X)
    scores = effect_table(learned, rows, model, effects=effects, probability=probability)
    net = pd.DataFrame(
        {arm: learned.value * scores[arm] - learned.offers[arm].cost for arm in learned.arms}
    )
    customers = rows.facts["customer_id"]
    measures: dict[str, Figure] = {}
    baselines: dict[str, dict[str, Figure]] = {PROPENSITY: {}}
    differences: dict[str, dict[str, Figure]] = {PROPENSITY: {}}
    drawn, slopes = {}, {}
    for arm in learned.arms:
        drawn[arm] = bootstrap_uplift(
            scores[arm],
            {MODEL: ranking[arm], PROPENSITY: probability},
            cluster=customers,
            draws=draws,
            level=level,
            seed=seed,
        )
        slopes[arm] = effect_line(scores[arm], ranking[arm], cluster=customers, level=level)
        table = drawn[arm].measures().set_index(["ranking", "measure"])
        gap = drawn[arm].differences(MODEL, PROPENSITY).set_index("measure")
        for name, printed in PRINTED.items():
            key = f"{printed}_{arm}"
            measures[key] = _figure(table.loc[(MODEL, name)])
            baselines[PROPENSITY][key] = _figure(table.loc[(PROPENSITY, name)])
            differences[PROPENSITY][key] = _figure(gap.loc[name])
        slope = slopes[arm].slope
        measures[f"gates_slope_{arm}"] = Figure(value=slope.value, low=slope.low, high=slope.high)
    policy = recommended(learned, effects)
    earned = gained(policy, net)
    measures["policy_value"] = _mean(earned, customers, level)
    measures["treated_share"] = Figure(value=policy.share, low=policy.share, high=policy.share)
    others = rivals(policy, net, probability=probability, single=best_single(learned))
    for name, other in others.items():
        baselines.setdefault(name, {})["policy_value"] = _mean(other, customers, level)
        differences.setdefault(name, {})["policy_value"] = _mean(earned - other, customers, level)
    return Judged(
        measures,
        baselines,
        differences,
        scores,
        net,
        effects,
        ranking,
        probability,
        policy,
        drawn,
        slopes,
    )


def effect_table(
    learned: Learned,
    rows: LiftRows,
    model: LiftModel,
    *,
    effects: pd.DataFrame,
    probability: np.ndarray,
) -> pd.DataFrame:
    """Return doubly robust effects of each offer; shape (n, n_offers).

    Where the draw is not on record, its probabilities are fitted crosswise on these rows.
    """
    arms = [model.control, *learned.arms]
    expected = pd.DataFrame({model.control: probability})
    for arm in learned.arms:
        expected[arm] = np.clip(probability + effects[arm].to_numpy(), 0.0, 1.0)
    chance = (
        rows.chance[arms]
        if rows.randomised
        else fitted_arm_chances(rows)[arms].clip(lower=LEAST_CHANCE)
    )
    scores = arm_scores(rows.y, rows.arm, probability=chance, expected=expected)
    return pd.DataFrame({arm: scores[arm] - scores[model.control] for arm in learned.arms})


def _mean(each: np.ndarray, customers: pd.Series, level: float) -> Figure:
    found = mean_interval(each, cluster=customers, level=level)
    return Figure(value=found.value, low=found.low, high=found.high)


def _figure(row: Any) -> Figure:
    return Figure(value=float(row["value"]), low=float(row["low"]), high=float(row["high"]))
