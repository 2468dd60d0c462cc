"""What offers changed against what was said they would, in campaigns drawn after the scores."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist

import ibis
import numpy as np
import pandas as pd
from ibis import _

from models.definition import LiftModel
from pipeline.evaluation import Figure
from pipeline.grain_store import Grains
from pipeline.lift.cutoffs import NEEDED, drawn
from pipeline.lift.outcomes import outcome_table
from pipeline.monitor.realised import Band
from pipeline.project import OutcomeWindow

#: What customers of any offer are called when they are put together.
_TREATED = "treated"


def drawn_rows(
    grains: Grains,
    model: LiftModel,
    paths: Sequence[Path],
    *,
    since: date,
    window: OutcomeWindow,
    known_before: date,
    time_zone: str,
) -> pd.DataFrame:
    """Return assignments of scored customers whose outcome windows have closed.

    Only campaigns that drew their arms from `since` on, with one probability for each arm and
    with a control. Columns: `campaign_id`, `customer_id`, `arm`, `label`, `label_before` and
    `predicted`, the mean effect of the offers of the campaign, as often as they were drawn.
    """
    nobody = pd.DataFrame(columns=["campaign_id", "customer_id", "arm", "label", "predicted"])
    if any(name not in grains.delivered for name in NEEDED):
        return nobody
    events = {name: grains.table(name) for name in grains.delivered}
    length = timedelta(days=window.gap_days + window.horizon_days)
    days = drawn(events, as_of=known_before, time_zone=time_zone).group_by("campaign_id")
    spans = days.aggregate(first=_.assigned_on.min(), last=_.assigned_on.max()).to_pandas()
    campaigns = [
        str(row.campaign_id)
        for row in spans.itertuples()
        if pd.Timestamp(row.first).date() >= since
        and pd.Timestamp(row.last).date() + length <= known_before
    ]
    if not campaigns:
        return nobody
    rows = outcome_table(
        grains,
        model,
        campaigns=campaigns,
        window=window,
        known_before=known_before,
        time_zone=time_zone,
    ).to_pandas()
    said = grains.connection.read_parquet([str(path) for path in paths])
    effects = (
        said.select("customer_id", offer=said.arm, effect=said.effect)
        .filter(_.customer_id.isin(ibis.memtable(rows[["customer_id"]]).customer_id))
        .to_pandas()
    )
    kept = [
        found
        for _name, own in rows.groupby("campaign_id", sort=True)
        if (found := _with_predicted(own, effects, model)) is not None
    ]
    return pd.concat(kept, ignore_index=True) if kept else nobody


def judged_effects(
    rows: pd.DataFrame, model: LiftModel, *, level: float
) -> tuple[dict[str, Figure], list[Band]]:
    """Compare what offers changed with what was said, campaign by campaign, then together.

    Returns
    -------
    measures, bands
        `effect` (what happened, with its interval), `effect_predicted`, and `effect_gap`, the
        difference; bands are the half said to gain most, and the other.
    """
    observed = _effect(rows, model, level=level)
    if observed is None:
        return {}, []
    predicted = float(rows["predicted"].mean())
    measures = {
        "effect": observed,
        "effect_predicted": Figure(value=predicted, low=predicted, high=predicted),
        "effect_gap": Figure(
            value=observed.value - predicted,
            low=observed.low - predicted,
            high=observed.high - predicted,
        ),
    }
    upper = (rows["predicted"] >= rows["predicted"].median()).to_numpy()
    bands = []
    for half in (rows[upper], rows[~upper]):
        found = _effect(half, model, level=level)
        if found is not None:
            mean = float(half["predicted"].mean())
            bands.append(Band(rows=len(half), predicted=mean, happened=found.value,
                              low=found.low, high=found.high))  # fmt: skip
    return measures, bands


def _with_predicted(
    own: pd.DataFrame, effects: pd.DataFrame, model: LiftModel
) -> pd.DataFrame | None:
    """Add what was said of each customer; none where a campaign cannot be compared."""
    chances = own.groupby("arm")["probability"].nunique(dropna=False)
    if model.control not in chances.index or len(chances) == 1:
        return None
    if own["probability"].isna().any() or (chances > 1).any():
        return None
    shares = own.loc[own["arm"] != model.control, "arm"].value_counts(normalize=True)
    wide = effects.pivot_table(index="customer_id", columns="offer", values="effect")
    if not set(shares.index) <= set(wide.columns):
        return None
    predicted = (wide[list(shares.index)] * shares).sum(axis=1, skipna=False).rename("predicted")
    joined = own.join(predicted, on="customer_id").dropna(subset=["predicted"])
    return joined[
        ["campaign_id", "customer_id", "arm", "label", "label_before", "predicted"]
    ].reset_index(drop=True)


def _effect(rows: pd.DataFrame, model: LiftModel, *, level: float) -> Figure | None:
    """Return the effect of any offer, each campaign as heavy as it has customers."""
    from models.effects import campaign_effect

    z = NormalDist().inv_cdf(0.5 + level / 2)
    total, weights, variance = 0.0, 0.0, 0.0
    for _name, own in rows.groupby("campaign_id", sort=True):
        arm = np.where(own["arm"] == model.control, model.control, _TREATED)
        if min(np.count_nonzero(arm == name) for name in (model.control, _TREATED)) < model.min_arm:
            continue
        found = campaign_effect(
            own["label"],
            arm,
            control=model.control,
            before=own["label_before"],
            cluster=own["customer_id"],
            level=level,
        ).iloc[0]
        weight = float(len(own))
        total += weight * float(found["effect"])
        variance += (weight * float(found["high"] - found["low"]) / (2 * z)) ** 2
        weights += weight
    if not weights:
        return None
    value, half = total / weights, z * float(np.sqrt(variance)) / weights
    return Figure(value=value, low=value - half, high=value + half)
