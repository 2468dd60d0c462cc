"""Was the draw of a campaign fair? Asked before anything is learned from it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from models.definition import LiftModel
from pipeline.left_out import LeftOutError
from pipeline.lift.rows import LiftRows

#: Rows that the checks look at: more cost seconds and hardly tell more.
MOST_ROWS = 100_000


class DesignError(LeftOutError):
    """No campaign can be learned from; the message says why of each, and what to change."""


class Design(NamedTuple):
    """What the checks of one campaign found.

    Attributes
    ----------
    campaign : str
        Which one.
    customers : dict of str to int
        By arm.
    randomised : bool
        Whether the probabilities of the draw are known.
    checks : tuple of dict
        Each check: name, passed, found, expected, p_value, message.
    least_effect : float
        Smallest average effect of an arm that so many customers would show, with a power of
        80 %.
    least_qini : float
        Smallest Qini of a ranking that it would show, per customer, with the same power.
    refusal : str, optional
        Why it is left out; none where it may be learned from.
    """

    campaign: str
    customers: dict[str, int]
    randomised: bool
    checks: tuple[dict[str, Any], ...]
    least_effect: float | None
    least_qini: float | None
    refusal: str | None


def check_campaigns(rows: LiftRows, model: LiftModel, *, seed: int) -> dict[str, Design]:
    """Check every campaign by itself, in the order in which they come."""
    names = rows.facts["campaign_id"].drop_duplicates()
    return {name: check_campaign(name, rows.of([name]), model, seed=seed) for name in names}


def check_campaign(name: str, rows: LiftRows, model: LiftModel, *, seed: int) -> Design:
    """Check the design of one campaign.

    It is refused where the control is missing or an arm is too small, where a customer is in
    several arms, where probabilities do not sum to one or disagree with the shares observed,
    and where arms differ in what was known before the draw. The last would be a draw that
    was not fair, or a column that was written after it.

    Parameters
    ----------
    name : str
        The campaign.
    rows : LiftRows
        Its rows.
    model : LiftModel
        Declares the control and the fewest customers of an arm.
    seed : int
        Chooses parts.
    """
    from models.effects import minimum_detectable_effect, minimum_detectable_qini
    from models.learners.trial import TrialError, checked_trial

    customers = {str(arm): int(n) for arm, n in rows.facts["arm"].value_counts().items()}
    own = rows.among(sorted(customers))
    found = Design(name, dict(sorted(customers.items())), own.randomised, (), None, None, None)
    try:
        checked_trial(
            own.y,
            own.arm,
            control=model.control,
            rows=len(own.facts),
            probability=own.chance if own.randomised else None,
            cluster=own.facts["customer_id"],
            fewest=model.min_arm,
        )
    except TrialError as error:
        return found._replace(refusal=f"campaign {name}: {error}")
    checks = _checks(own, model, seed=seed)
    rate = float(own.y.mean())
    spread = float(np.sqrt(rate * (1 - rate)))
    of_control = customers[model.control]
    largest = max(count for arm, count in customers.items() if arm != model.control)
    found = found._replace(
        checks=checks,
        least_effect=minimum_detectable_effect(
            treated=largest, control=of_control, deviation=spread
        ),
        least_qini=minimum_detectable_qini(treated=largest, control=of_control, deviation=spread),
    )
    if not own.randomised:
        # Nobody drew lots: that arms differ is what the propensities are fitted for.
        return found
    failed = [one for one in checks if not one["passed"]]
    if not failed:
        return found
    said = "; ".join(one["message"] for one in failed)
    return found._replace(
        refusal=(
            f"campaign {name} is no fair draw, or a column was written after it: {said}. Deliver "
            "the assignments as they were drawn, and each column as it was known that day; or "
            "leave the probabilities empty, and it is treated as observational"
        )
    )


def usable(designs: Mapping[str, Design]) -> list[str]:
    """Return the campaigns that passed, in time order.

    Raises
    ------
    DesignError
        If none did.
    """
    kept = [name for name, one in designs.items() if one.refusal is None]
    if not designs:
        raise DesignError("of all assignments none is of a customer who was eligible that day")
    if not kept:
        reasons = "\n".join(f"  {one.refusal}" for one in designs.values())
        raise DesignError(f"no campaign can be learned from:\n{reasons}")
    return kept


def _checks(rows: LiftRows, model: LiftModel, *, seed: int) -> tuple[dict[str, Any], ...]:
    from models.effects import check_design

    shares = (
        {str(arm): float(rows.chance[arm].mean()) for arm in rows.chance}
        if rows.randomised
        else None
    )
    if len(rows.facts) > MOST_ROWS:
        drawn = np.random.default_rng(seed).random(len(rows.facts)) < MOST_ROWS / len(rows.facts)
        rows = rows.where(drawn)
    found = check_design(
        rows.X,
        rows.arm,
        control=model.control,
        shares=shares,
        before=rows.facts["label_before"],
        seed=seed,
    )
    return tuple(
        {**one._asdict(), "passed": bool(one.passed), "found": float(one.found)} for one in found
    )
