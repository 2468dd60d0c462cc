"""`Trace`: what decided where a customer stands on a list, and the same figures again."""

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine

from campaigns.list_spec import ListSpec
from campaigns.target_list import TargetList, find_list
from campaigns.trace.figures import CLOSE, Figure, compared_rank, compared_reasons, compared_score
from campaigns.trace.place import (
    SAID,
    NotOfListError,
    Place,
    at_random_again,
    find_place,
    rank_again,
)
from pipeline.engine import engine
from pipeline.explain import UnexplainedError, explain
from pipeline.forgotten import read_forgotten
from pipeline.project import OutcomeWindow, find_model
from pipeline.score_set import (
    DamagedScoreSetError,
    ScoreSet,
    UnknownScoreSetError,
    parts,
    read_score_set,
)
from pipeline.snapshot_store import SnapshotError, read_columns
from pipeline.trace.again import NotAgainError, for_product_again, scored_again
from pipeline.trace.link import Link
from pipeline.trace.origin import origin


class Trace(NamedTuple):
    """All that is known of a customer's place on a list.

    Attributes
    ----------
    list : TargetList
        The list.
    place : Place
        What it says of the customer.
    links : tuple of Link
        One step back after the other: list, score set, version, training run, snapshot, data,
        code.
    figures : tuple of Figure
        Score, rank and reasons, frozen and computed again.
    """

    list: TargetList
    place: Place
    links: tuple[Link, ...]
    figures: tuple[Figure, ...]

    @property
    def said(self) -> str:
        """Where the customer stands, in a sentence."""
        rank = self.place.row.get("rank")
        at = f" at rank {rank:,}" if rank and self.place.outcome == "selected" else ""
        return f"The customer {SAID[self.place.outcome]}{at}."

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "list": self.list.document(),
            "outcome": self.place.outcome,
            "said": self.said,
            "frozen": self.place.row,
            "links": [link._asdict() for link in self.links],
            "recomputed": {one.name: one.document() for one in self.figures},
            "tolerance": CLOSE,
            "broken": [link.said for link in self.links if not link.found]
            + [one.said for one in self.figures if one.again is None and one.expected],
        }


def trace(folder: Path, state: Engine, list_id: str, customer_id: str) -> Trace:
    """Follow a customer of a list back to all that decided, and compute the same again.

    Parameters
    ----------
    folder : Path
        The project.
    state : Engine
        The state database.
    list_id, customer_id : str
        Which list, and who: a member, or anybody who was known.

    Raises
    ------
    UnknownListError
        If there is no such list.
    NotOfListError
        If nobody of that id was known when it was built, or they were forgotten since.
    DamagedListError
        If its members, control or outcomes cannot be read.
    """
    artifacts = folder / "artifacts"
    found = find_list(state, list_id)
    gone = read_forgotten(artifacts).since(customer_id)
    if gone is not None:
        raise NotOfListError(f"this customer was forgotten on {gone}; nothing of them is kept.")
    place = find_place(artifacts, found, customer_id)
    links = [_list_link(found)]
    if found.model is None or found.score_set is None or found.version is None:
        return Trace(
            found, place, tuple(links), tuple(_at_random(artifacts, found, place, customer_id))
        )
    links += origin(folder, found.model, found.score_set, found.version)
    run = next(link for link in links if link.name == "training_run")
    window = _window(found.model, run.facts.get("params", {}))
    figures = _figures(artifacts, found, place, customer_id, window)
    return Trace(found, place, tuple(links), figures)


def _list_link(found: TargetList) -> Link:
    said = f"list {found.id}, built at {found.created_at.isoformat()}."
    return Link("list", found=True, said=said, facts={"spec": found.spec})


def _window(model: str, params: dict[str, str]) -> OutcomeWindow:
    """Return the window of the outcome that a version was trained for, else the declared one."""
    declared = find_model(model)
    return OutcomeWindow(
        int(params.get("gap_days", declared.gap_days)),
        int(params.get("horizon_days", declared.horizon_days)),
    )


def _figures(
    artifacts: Path, found: TargetList, place: Place, customer_id: str, window: OutcomeWindow
) -> tuple[Figure, ...]:
    try:
        score_set = read_score_set(artifacts, str(found.model), str(found.score_set))
    except (UnknownScoreSetError, DamagedScoreSetError) as error:
        why = f"cannot be computed again without the score set: {error}"
        return tuple(Figure(name, None, None, None, why) for name in ("score", "rank", "reasons"))
    spec = ListSpec.model_validate(found.spec)
    if spec.product is not None or spec.new_product is not None:
        return _for_product(artifacts, found, place, customer_id, score_set)
    stored = _stored(artifacts, score_set, place, customer_id, spec.arm)
    try:
        again = _row_again(artifacts, score_set, stored, customer_id, window)
        score = compared_score(place.row, stored, again, value=score_set.value)
    except NotAgainError as error:
        score = compared_score(place.row, stored, None, value=score_set.value, why=str(error))
    rank = None
    if place.row:
        rank = rank_again(artifacts, found, customer_id, outcome=place.outcome, score_set=score_set)
    return (
        score,
        compared_rank(place.row, rank),
        _reasons(artifacts, score_set, place, stored),
    )


def _stored(
    artifacts: Path, score_set: ScoreSet, place: Place, customer_id: str, arm: str | None
) -> dict[str, Any] | None:
    """Return the row of the score set that a customer ranks by: the best, or that of the arm."""
    own = [("customer_id", "==", customer_id)]
    rows = [
        row
        for path in parts(artifacts, score_set)
        for row in pq.read_table(path, filters=own).to_pylist()
    ]
    for name in ("product_id", "category"):
        if place.row.get(name) is not None:
            rows = [row for row in rows if row[name] == place.row[name]]
    offer = arm or (place.row.get("arm") if place.outcome == "selected" else None)
    if rows and "arm" in rows[0] and offer is not None:
        rows = [row for row in rows if row["arm"] == offer]
    return rows[0] if rows else None


def _row_again(
    artifacts: Path,
    score_set: ScoreSet,
    stored: dict[str, Any] | None,
    customer_id: str,
    window: OutcomeWindow,
) -> dict[str, Any] | None:
    own = stored or {}
    products = (own["product_id"],) if own.get("product_id") else ()
    if find_model(score_set.model).unit == "pair" and not products and not own.get("category"):
        raise NotAgainError("the customer had no scored product, so there is nothing to compute.")
    rows = scored_again(artifacts, score_set, customer_id, window=window, products=products)
    for name in ("category", "arm"):
        if own.get(name) is not None and name in rows:
            rows = rows[rows[name] == own[name]]
    return _first(rows)


def _for_product(
    artifacts: Path,
    found: TargetList,
    place: Place,
    customer_id: str,
    score_set: ScoreSet,
) -> tuple[Figure, ...]:
    """Rank everybody for the product again: no score set holds what was made for the list."""
    spec = ListSpec.model_validate(found.spec)
    try:
        ranked = for_product_again(
            artifacts, score_set, product_id=spec.product, attributes=spec.new_product
        )
    except NotAgainError as error:
        score = compared_score(place.row, None, None, value="probability", why=str(error))
        return score, compared_rank(place.row, None, why=str(error))
    own = ranked[ranked["customer_id"] == customer_id]
    again = _first(own)
    rank = None
    if place.row:
        rank = rank_again(
            artifacts,
            found,
            customer_id,
            outcome=place.outcome,
            score_set=None,
            ranked=ranked["customer_id"],
        )
    return compared_score(place.row, None, again, value="probability"), compared_rank(
        place.row, rank
    )


def _at_random(artifacts: Path, found: TargetList, place: Place, customer_id: str) -> list[Figure]:
    """Draw the order of a list without a model again."""
    if not place.row:
        return []
    try:
        with engine(artifacts) as connection:
            rows = read_columns(connection, artifacts, "customer", found.as_of)
            ids = rows.select("customer_id").order_by("customer_id").to_pyarrow()["customer_id"]
    except SnapshotError as error:
        return [compared_rank(place.row, None, why=str(error))]
    if len(ids) != found.ledger.base:
        why = (
            f"the snapshot of {found.as_of} holds {len(ids):,} of the {found.ledger.base:,} "
            "customers that the order was drawn from: persons were forgotten, or it was built "
            "again."
        )
        return [compared_rank(place.row, None, why=why)]
    order = at_random_again(_one_chunk(ids), seed=ListSpec.model_validate(found.spec).seed)
    rank = rank_again(
        artifacts, found, customer_id, outcome=place.outcome, score_set=None, ranked=order
    )
    return [compared_rank(place.row, rank)]


def _first(rows: pd.DataFrame) -> dict[str, Any] | None:
    return None if rows.empty else {str(name): rows[name].iloc[0] for name in rows}


def _one_chunk(ids: pa.ChunkedArray) -> pa.Array:
    return ids.combine_chunks()


def _reasons(
    artifacts: Path, score_set: ScoreSet, place: Place, stored: dict[str, Any] | None
) -> Figure:
    frozen = place.row.get("reasons")
    if stored is None or "probability" not in stored:
        return compared_reasons(frozen, None, why="there is no probability to explain.")
    rows = pa.Table.from_pandas(pd.DataFrame([stored]), preserve_index=False)
    try:
        (again,) = explain(artifacts, score_set, rows)
    except UnexplainedError as error:
        return compared_reasons(frozen, None, why=str(error))
    return compared_reasons(frozen, again)
