"""What came of every row of a score set, once its outcome window has closed."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from features.definition import KEYS
from models.definition import Model, PairModel, TimingModel
from pipeline.grain_store import Grains
from pipeline.labels import outcome_rows
from pipeline.project import OutcomeWindow
from pipeline.score_set import ScoreSet
from pipeline.timing.rows import KEY, next_purchases

#: Rows that are judged: beyond it, one in so many customers is, whole and always the same.
MOST_ROWS = 400_000


def closes_on(score_set: ScoreSet, window: OutcomeWindow) -> date:
    """Return the first day after the outcome window of a score set."""
    return score_set.as_of + timedelta(days=window.gap_days + window.horizon_days)


def realised_rows(
    grains: Grains,
    model: Model | PairModel | TimingModel,
    score_set: ScoreSet,
    paths: Sequence[Path],
    *,
    window: OutcomeWindow,
    known_before: date,
) -> pd.DataFrame:
    """Return `customer_id`, `probability` and `label` of the rows of a score set, best first.

    The label is counted as for training, over the same window, as far as it was known before
    `known_before`. For dates there is `in_window`, too: whether the purchase came within the
    advised days (missing where none came).

    Parameters
    ----------
    grains : Grains
        Rows of the tables as they are today.
    model : Model, PairModel or TimingModel
        Whose scores.
    score_set : ScoreSet
        What was said.
    paths : sequence of Path
        Its files.
    window : OutcomeWindow
        When outcomes count.
    known_before : date
        Nothing known on or after it counts.
    """
    said = grains.connection.read_parquet([str(path) for path in paths])
    one_in = max(1, score_set.rows // MOST_ROWS)
    if one_in > 1:
        said = said.filter(said.customer_id.hash().abs() % one_in == 0)
    if isinstance(model, TimingModel):
        rows = _dates(grains, said, score_set.as_of, window, known_before)
        keys = KEY
    else:
        keys = list(KEYS[model.unit])
        opens = score_set.as_of + timedelta(days=window.gap_days)
        happened = outcome_rows(
            grains,
            model.label,
            opens=opens,
            closes=closes_on(score_set, window),
            known_before=known_before,
        )
        outcome = happened.group_by(keys).aggregate(happens=model.label.outcome(happened))
        rows = said.left_join(outcome, keys).select(
            *keys, "probability", label=_.happens.fill_null(0).cast("int8")
        )
    frame: pd.DataFrame = rows.order_by([ibis.desc("probability"), *keys]).to_pandas()
    return frame


def _dates(
    grains: Grains, said: ir.Table, as_of: date, window: OutcomeWindow, known_before: date
) -> ir.Table:
    until = as_of + timedelta(days=window.gap_days + window.horizon_days)
    following = next_purchases(grains, as_of, until=until, known_before=known_before)
    joined = said.left_join(following, KEY)
    bought = (joined.next_days > window.gap_days).fill_null(False)  # noqa: FBT003 - a value
    day = ibis.literal(as_of) + (joined.next_days.cast("int64") - 1).as_interval("D")
    return joined.select(
        *KEY,
        "probability",
        label=bought.cast("int8"),
        in_window=bought.ifelse(
            (day.cast("date") >= joined.opens_on) & (day.cast("date") <= joined.closes_on),
            ibis.null("boolean"),
        ),
    )
