"""The reasons of a list's members, frozen with them."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.score_set import ScoreSet

if TYPE_CHECKING:
    from models.reasons import Reasons

_LOG = logging.getLogger(__name__)

#: So many of the best members have reasons: half a second for each thousand is enough to wait.
MOST = 10_000

COLUMN = "reasons"

_TYPE = pa.struct(
    [
        ("start", pa.float64()),
        (
            "strongest",
            pa.list_(
                pa.struct([("points", pa.float64()), ("en", pa.string()), ("zh-TW", pa.string())])
            ),
        ),
        ("rest", pa.float64()),
    ]
)


def with_reasons(
    artifacts: Path, score_set: ScoreSet, members: pa.Table, *, most: int = MOST
) -> pa.Table:
    """Add a column with the reasons of the best members; the others have none.

    Scores that cannot be explained stay without the column: a list is worth more than its
    reasons.

    Parameters
    ----------
    artifacts : Path
        The folder that holds everything produced.
    score_set : ScoreSet
        The scores that the members were chosen from.
    members : pyarrow.Table of shape (n_members, n_columns)
        In rank order.
    most : int
        How many of them have reasons.
    """
    if "probability" not in members.column_names or not len(members):
        return members
    # Imported here: whoever reads lists has no need of learners, which take seconds to import.
    from pipeline.explain import UnexplainedError, explain

    try:
        found = explain(artifacts, score_set, members.slice(0, most))
    except UnexplainedError as error:
        _LOG.info("a list of %s has no reasons: %s", score_set.model, error)
        return members
    rows = [as_document(one) for one in found] + [None] * (len(members) - len(found))
    return members.append_column(COLUMN, pa.array(rows, _TYPE))


def as_document(one: "Reasons") -> dict[str, object]:
    """Return reasons as they are frozen, and as JSON holds them."""
    return {
        "start": one.start,
        "strongest": [
            {"points": reason.points, "en": reason.said.en, "zh-TW": reason.said.zh}
            for reason in one.strongest
        ],
        "rest": one.rest,
    }
