"""Everything that a report of effects draws, as plain tables."""

from typing import Any

import numpy as np
import pandas as pd

from models.definition import LiftModel
from models.effects import campaign_effect, fit_policy_tree, multi_arm_qini, spend_path
from models.effects.shipped import Learned
from models.measures import (
    bootstrap_uplift,
    causalml_auuc,
    causalml_qini,
    gates,
    scikit_uplift_auuc,
    scikit_uplift_qini,
)
from models.measures.policy import mean_interval
from pipeline.lift.judge import MODEL, PROPENSITY, Judged
from pipeline.lift.policy import predicted_net
from pipeline.lift.rows import LiftRows

#: Name of no offer in tables that people read.
NONE = "no offer"


def curves_of(
    found: Judged,
    learned: Learned,
    rows: LiftRows,
    model: LiftModel,
    *,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Return the tables of a report, by name, as lists of rows.

    Returns
    -------
    dict
        `offers`: per offer, what is shipped in words, the `uplift` curve of the model and of
        the propensity ranking, `groups` (five, by predicted effect) and `deciles`, the
        `profit` by depth and its `best_depth`, and `elsewhere`, the figures that causalml and
        scikit-uplift print for the same ranking; `campaign`: average effects on the test
        campaign with pre-period adjustment, of the outcome, of spend and of margin; `budget`:
        the spend path and the multi-armed Qini; `tree`: the readable policy and its value.
    """
    customers = rows.facts["customer_id"]
    offers = {}
    for arm in learned.arms:
        draws = found.draws[arm]
        profit = bootstrap_uplift(
            found.net[arm], {MODEL: found.ranking[arm]}, cluster=customers, level=level, seed=seed
        )
        depth, height = profit.best_depth(MODEL)
        offers[arm] = {
            "says": learned.offers[arm].says(),
            "kind": learned.offers[arm].kind,
            "uplift": _rows(draws.curve(MODEL)),
            "uplift_propensity": _rows(draws.curve(PROPENSITY)),
            "groups": _rows(_groups(found, arm, 5, customers, level)),
            "deciles": _rows(_groups(found, arm, 10, customers, level)),
            "profit": _rows(profit.curve(MODEL)),
            "best_depth": {"share": depth._asdict(), "profit": height._asdict()},
            "measures": _rows(draws.measures()),
            "elsewhere": _elsewhere(found, rows, arm, model.control),
        }
    return {
        "offers": offers,
        "value": learned.value,
        "campaign": _campaign(rows, model, level=level),
        "budget": _budget(found, learned, customers, level=level, seed=seed),
        "tree": _tree(found, rows, customers, level=level, seed=seed),
        "policy": {"share": found.policy.share, "mix": found.policy.mix},
    }


def _groups(
    found: Judged, arm: str, groups: int, customers: pd.Series, level: float
) -> pd.DataFrame:
    count = min(groups, len(customers))
    return gates(
        found.scores[arm], found.ranking[arm], groups=count, cluster=customers, level=level
    )


def _elsewhere(found: Judged, rows: LiftRows, arm: str, control: str) -> dict[str, float | None]:
    """Return what other libraries print; they know nothing of probabilities or outcome models."""
    pair = np.isin(rows.arm, [arm, control])
    drawn = (rows.y[pair], found.ranking[arm].to_numpy()[pair], rows.arm[pair] == arm)
    measures = {
        "causalml_qini": causalml_qini,
        "causalml_auuc": causalml_auuc,
        "scikit_uplift_qini": scikit_uplift_qini,
        "scikit_uplift_auuc": scikit_uplift_auuc,
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: _plain(measure(*drawn)) for name, measure in measures.items()}


def _campaign(rows: LiftRows, model: LiftModel, *, level: float) -> list[dict[str, Any]]:
    facts = rows.facts
    before = facts[["label_before", "amount_before"]].to_numpy(np.float64)
    outcomes: dict[str, Any] = {model.label.name: rows.y, "amount": facts["amount"]}
    if facts["margin"].notna().all():
        outcomes["margin"] = facts["margin"]
    return [
        {"outcome": name, **row}
        for name, y in outcomes.items()
        for row in _rows(
            campaign_effect(
                y,
                rows.arm,
                control=model.control,
                before=before,
                cluster=facts["customer_id"],
                level=level,
            )
        )
    ]


def _budget(
    found: Judged, learned: Learned, customers: pd.Series, *, level: float, seed: int
) -> dict[str, Any]:
    """Value the spend path: money for contacts and redemptions, money gained before them."""
    costs = pd.DataFrame(
        {arm: np.full(len(found.effects), learned.offers[arm].cost) for arm in learned.arms}
    )
    value = predicted_net(learned, found.effects).reset_index(drop=True) + costs
    gain = found.net + costs
    if not (costs > 0).all().all():
        costs = costs + 1.0  # where contacts are free, the budget is a number of contacts
    path = spend_path(value, costs)
    if not len(path.cost):
        return {"area": None, "curve": []}
    curve = multi_arm_qini(path, gain, cluster=customers, level=level, seed=seed)
    return {"area": curve.area._asdict(), "curve": _rows(curve.curve)}


def _tree(
    found: Judged, rows: LiftRows, customers: pd.Series, *, level: float, seed: int
) -> dict[str, Any]:
    """Learn the readable policy on half of the customers, and value it on the other half."""
    unique = np.sort(customers.unique())
    half = unique[np.random.default_rng(seed).random(len(unique)) < 0.5]  # noqa: PLR2004 - a half
    learning = customers.isin(half).to_numpy()
    scores = found.net.assign(**{NONE: 0.0})
    tree = fit_policy_tree(rows.X[learning], scores[learning], seed=seed)
    chosen = tree.choose(rows.X[~learning])
    held_out = found.net[~learning]
    each = np.zeros(len(held_out))
    for arm in held_out:
        each += np.where(chosen == arm, held_out[arm].to_numpy(), 0.0)
    value = mean_interval(each, cluster=customers[~learning], level=level)
    return {
        "text": str(tree),
        "value": value._asdict(),
        "treated_share": float((chosen != NONE).mean()),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): _plain(value) for key, value in row.items()}
        for row in table.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    """Return what JSON can hold: no NaN, no types of NumPy."""
    if isinstance(value, str):
        return value
    number = float(value)
    return number if np.isfinite(number) else None
