"""What has to be said where nobody drew lots: who can be compared, and how fragile it is."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.lift.rows import LiftRows

#: Customers with a smaller chance of some arm are not learned from, nor judged by; where an
#: arm is small, a tenth of its share.
LEAST_COMPARABLE, OF_SHARE = 0.05, 0.1
#: Probabilities of an arm that were fitted are raised to this.
LEAST_CHANCE = 0.01
#: Parts for cross-fitting.
FOLDS = 5


def fitted_arm_chances(rows: LiftRows) -> pd.DataFrame:
    """Fit the probability of every arm crosswise, as it is; shape (n_rows, n_arms)."""
    from models.learners.arm_chances import fitted_chances
    from models.learners.encoder import FrameEncoder
    from models.learners.line_design import LineDesign
    from models.learners.trial import checked_trial

    arms = sorted(set(rows.arm.tolist()))
    trial = checked_trial(
        rows.y,
        rows.arm,
        control=arms[0],
        rows=len(rows.facts),
        cluster=rows.facts["customer_id"],
        fewest=1,
        crossover=True,
    )
    encoder = FrameEncoder().fit(rows.X)
    matrix = encoder.transform(rows.X)
    design = LineDesign.fit(matrix, encoder.columns).transform(matrix)
    table = fitted_chances(
        design, trial.code, arms=len(trial.arms), folds=trial.folds(FOLDS, seed=0), seed=0
    )
    return pd.DataFrame(table, columns=list(trial.arms))[arms]


def comparable(rows: LiftRows) -> tuple[LiftRows, int]:
    """Leave out customers who had almost no chance of some arm, and say how many.

    Rows of a draw on record stay as they are.

    Raises
    ------
    TrialError
        If nobody would be left.
    """
    from models.effects import trim

    if rows.randomised:
        return rows, 0
    fitted = fitted_arm_chances(rows)
    smallest = min(float((rows.arm == arm).mean()) for arm in fitted)
    found = trim(fitted, least=min(LEAST_COMPARABLE, OF_SHARE * smallest))
    return rows.where(found.kept), found.dropped


def observed(rows: LiftRows, *, control: str, level: float) -> dict[str, Any]:
    """Return what a reader has to know of effects that nobody drew lots for.

    Parameters
    ----------
    rows : LiftRows
        The rows that were learned from.
    control : str
        The arm that was left alone.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    dict
        `overlap`: rows of `models.effects.overlap_table`; `raised`: customers whose fitted
        probability of some arm was raised; `negative_control`: by offer, its effect on the
        outcome *before* the assignment, which it cannot have had; `sensitivity`: by offer,
        the effect, and the share of choice and outcome that a hidden cause has to explain
        to turn it into nothing, or into something that may be nothing.
    """
    from models.effects import clipped, negative_control, overlap_table, sensitivity_value
    from models.measures import arm_scores
    from models.measures.policy import mean_interval

    fitted = fitted_arm_chances(rows)
    chance, raised = clipped(fitted, least=LEAST_CHANCE)
    customers = rows.facts["customer_id"]
    before = arm_scores(rows.facts["label_before"], rows.arm, probability=chance)
    after = arm_scores(rows.y, rows.arm, probability=chance)
    placebo, sensitivity = [], []
    for arm in (str(name) for name in chance if name != control):
        none = negative_control(before[arm] - before[control], cluster=customers, level=level)
        placebo.append({"arm": arm, **none.effect._asdict(), "passed": bool(none.passed)})
        effect = mean_interval(after[arm] - after[control], cluster=customers, level=level)
        compared = int(np.isin(rows.arm, [arm, control]).sum())
        value = sensitivity_value(effect, customers=compared, level=level)
        sensitivity.append({"arm": arm, **effect._asdict(), **value._asdict()})
    return {
        "overlap": [
            {str(key): value for key, value in row.items()}
            for row in overlap_table(fitted, rows.arm).to_dict(orient="records")
        ],
        "raised": raised,
        "negative_control": placebo,
        "sensitivity": sensitivity,
    }
