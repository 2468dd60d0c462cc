"""Where a customer stands on a list: outcome, frozen row, and the rank counted again."""

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from campaigns.ledger import OUTCOMES
from campaigns.members import DamagedListError, control_path, members_path, outcomes_path
from campaigns.target_list import TargetList
from pipeline.duck import quoted
from pipeline.score_set import ScoreSet, parts

#: What each outcome means, in a sentence.
SAID = {
    "selected": "is on the list",
    "control": "would be on the list, and was held out at random as control",
    "not_eligible": "was left out: the model had no score, as the outcome was not possible",
    "condition": "was left out: the conditions of the list are not met",
    "no_consent": "was left out: no consent to be contacted over the channel of the list",
    "suppressed": "was left out: suppressed, or complained about an earlier contact",
    "contact_cap": "was left out: contacted as often as the list allows already",
    "reminded": "was left out: reminded of the same before",
    "household": "was left out: somebody of the same household ranks better",
    "global_control": "was left out: in the share of all customers that no list reaches",
    "below_cut_off": "was left out: ranks below the last of the list",
}
_FILES = {"selected": members_path, "control": control_path}


class NotOfListError(ValueError):
    """Nobody of that id was known when the list was built."""


class Place(NamedTuple):
    """What a list says of one customer.

    Attributes
    ----------
    outcome : str
        One of `campaigns.ledger.OUTCOMES`.
    row : dict
        As frozen with the members or the control; empty for all others.
    """

    outcome: str
    row: dict[str, Any]


def find_place(artifacts: Path, found: TargetList, customer_id: str) -> Place:
    """Return what a list says of a customer.

    Raises
    ------
    NotOfListError
        If nobody of that id was known when it was built.
    DamagedListError
        If its files cannot be read.
    """
    for outcome, path_of in _FILES.items():
        rows = _read(path_of(artifacts, found.id), customer_id)
        if len(rows):
            return Place(outcome, rows.to_pylist()[0])
    rows = _read(outcomes_path(artifacts, found.id), customer_id)
    if not len(rows):
        raise NotOfListError(
            f"nobody of that id was known at {found.as_of}, when the scores of the list were made. "
            "Look for another spelling, or a later list."
        )
    return Place(str(rows["outcome"][0].as_py()), {})


def rank_again(
    artifacts: Path,
    found: TargetList,
    customer_id: str,
    *,
    outcome: str,
    score_set: ScoreSet | None,
    ranked: pd.Series | None = None,
) -> int | None:
    """Count anew who of a list comes before a customer; none if they do not rank.

    Those who were forgotten since keep their places, so that nobody's rank changes.

    Parameters
    ----------
    artifacts, found : Path, TargetList
        The list.
    customer_id, outcome : str
        Who, and whether among the members or the control.
    score_set : ScoreSet, optional
        In whose order they come.
    ranked : Series of str, optional
        Customers in their order, where no score set holds it.
    """
    mates = _mates(artifacts, found.id, outcome)
    if ranked is not None:
        order = pd.Index(ranked[ranked.isin(mates)])
        place = int(order.get_indexer(pd.Index([customer_id]))[0])
        before = place if place >= 0 else None
    else:
        before = _before(artifacts, score_set, found, mates, customer_id) if score_set else None
    if before is None:
        return None
    return _with_gaps(_FILES[outcome](artifacts, found.id), before)


def at_random_again(customers: pa.Array, *, seed: int) -> pd.Series:
    """Return customers in the random order of a list without a model."""
    order = np.random.default_rng(seed).permutation(len(customers)).astype(np.int32)
    return pd.Series(customers.take(pa.array(order)).to_pandas())


def _mates(artifacts: Path, list_id: str, outcome: str) -> list[str]:
    rows = pq.read_table(outcomes_path(artifacts, list_id)).to_pandas()
    own = rows[(rows["outcome"] == outcome) & rows["customer_id"].notna()]
    return [str(one) for one in own["customer_id"]]


def _before(
    artifacts: Path, score_set: ScoreSet, found: TargetList, mates: list[str], customer_id: str
) -> int | None:
    """Return how many mates stand before a customer in the order of a score set."""
    arm = found.spec.get("arm")
    only = " AND arm = $arm" if arm else ""
    files = ", ".join(quoted(path) for path in parts(artifacts, score_set))
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1; SET preserve_insertion_order = true")
        connection.register("mates", pa.table({"customer_id": pa.array(mates, pa.string())}))
        rows = (
            "SELECT customer_id, min(row) AS row FROM (SELECT *, row_number() OVER () AS row "  # noqa: S608 - ours
            f"FROM read_parquet([{files}])) WHERE customer_id IN (FROM mates){only} "
            "GROUP BY customer_id"
        )
        counted = connection.execute(
            f"WITH best AS ({rows}) SELECT (SELECT count(*) FROM best WHERE row < own.row) "  # noqa: S608 - ours
            "FROM best AS own WHERE customer_id = $customer",
            {"customer": customer_id, **({"arm": arm} if arm else {})},
        ).fetchone()
    return None if counted is None else int(counted[0])


def _with_gaps(path: Path, before: int) -> int:
    """Return the rank of who has so many before them, skipping those who were forgotten."""
    rows = pq.read_table(path, columns=["rank", "customer_id"])
    left = rows.filter(rows["customer_id"].is_valid())["rank"].to_numpy()
    gone = rows.filter(rows["customer_id"].is_null())["rank"].to_numpy()
    rank = before + 1
    for one in np.sort(gone):
        rank += int(one <= rank)
    return rank if len(left) else before + 1


def _read(path: Path, customer_id: str) -> pa.Table:
    try:
        return pq.read_table(path, filters=[("customer_id", "==", customer_id)])
    except (OSError, pa.ArrowInvalid) as error:
        raise DamagedListError(
            f"{path.name} is missing or damaged. Restore it from a backup."
        ) from error


assert {*SAID} == {*OUTCOMES}  # noqa: S101 - a new outcome needs its sentence
