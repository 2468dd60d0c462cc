"""Learn what every offer changes, and decide what is shipped of it."""

from models.definition import LiftModel
from models.effects.heterogeneity import Kind, find_segments, is_individual, slope_p_value
from models.effects.shipped import Learned, Offer
from pipeline.lift.rows import LiftRows


def learn(rows: LiftRows, model: LiftModel, *, seed: int) -> Learned:
    """Learn what every offer changes, and decide what is shipped of it.

    Parameters
    ----------
    rows : LiftRows
        Assignments of campaigns whose design was checked.
    model : LiftModel
        What is asked.
    seed : int
        The same rows and seed give the same result.
    """
    arms = sorted(set(rows.arm.tolist()))
    customers = rows.facts["customer_id"]
    learner = model.learner(seed).fit(
        rows.X,
        rows.y,
        rows.arm,
        probability=rows.chance if rows.randomised else None,
        cluster=customers,
    )
    response = model.response.learner(seed).fit(rows.X, rows.y)
    treated = [arm for arm in arms if arm != model.control]
    offers = {}
    for position, arm in enumerate(treated):
        line = learner.effects_[arm].line
        rule = None
        kind: Kind = "individual" if is_individual(line, offers=len(treated)) else "average"
        if kind == "average":
            rule = find_segments(
                learner.scores_[:, position],
                rows.X,
                [one.name for one in model.segments],
                offers=len(treated),
                cluster=customers,
            )
            kind = "average" if rule is None else "segments"
        own = rows.facts[rows.arm == arm]
        offers[arm] = Offer(
            arm,
            kind,
            line.average.value,
            line.average.low,
            line.average.high,
            slope_p_value(line),
            rule,
            contact_cost=float(own["contact_cost"].mean()),
            redemption_rate=float(own["redeemed"].mean()),
            redemption_cost=float(own["redemption_cost"].mean()),
        )
    return Learned(
        learner, response, offers, _value(rows), rows.randomised, tuple(map(str, rows.X.columns))
    )


def _value(rows: LiftRows) -> float:
    """Return what one more outcome leaves: the mean margin, or spend, of those with one.

    Margins of single customers are far too noisy to learn effects from (one camera is worth
    a thousand filters), so all outcomes are worth the same. The dearest and the cheapest
    hundredth are drawn in.
    """
    bought = rows.facts[rows.y > 0]
    money = bought["amount"] if bought["margin"].isna().any() else bought["margin"]
    low, high = money.quantile([0.01, 0.99])
    return float(money.clip(low, high).mean())
