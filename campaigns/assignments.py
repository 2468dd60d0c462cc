"""Assignments: the members of a list, handed out to stores, salespeople or agents, frozen."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Engine

from campaigns.contact_columns import with_columns
from campaigns.exports import forgotten_since
from campaigns.handing_out import hand_out
from campaigns.homes import To, places_of, wishes_of
from campaigns.list_spec import ListSpec
from campaigns.members import members_path, whole_members
from campaigns.still_allowed import still_allowed
from campaigns.target_list import TargetList, find_list
from pipeline.durable import whole_folder, write_json
from pipeline.forgotten import mark
from pipeline.leftovers import discard

_MANIFEST, _ROWS = "manifest.json", "assignments.parquet"
Capacity = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]


class UnknownAssignmentError(ValueError):
    """There is no assignment of that id."""


class AssignmentSpec(BaseModel):
    """Whom members are handed out to, and how many each takes.

    Examples
    --------
    >>> AssignmentSpec(to="agents", capacities={"ann": 50, "bob": 30}).to
    'agents'
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"to": "stores", "capacity": 200, "capacities": {"S012": 350}},
                {"to": "agents", "capacities": {"ann": 50, "bob": 30}},
            ]
        },
    )

    to: To = Field(description="Agents are those named here; the others are in the tables.")
    capacity: Capacity | None = Field(default=None, description="Of each that is not named.")
    capacities: dict[Annotated[str, Field(min_length=1, max_length=255)], Capacity] = Field(
        default_factory=dict, max_length=100_000, description="By id."
    )

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.to == "agents" and not self.capacities:
            raise ValueError("name the agents: capacities by id")
        if self.to == "agents" and self.capacity is not None:
            raise ValueError("give each agent a capacity; a common one names nobody")
        if self.capacity is None and not self.capacities:
            raise ValueError("say how many each takes: capacity, or capacities by id")
        return self


class Assignment(BaseModel):
    """The manifest of an assignment.

    Attributes
    ----------
    id, list_id : str
        Which assignment of which list.
    spec : AssignmentSpec
        What was asked for.
    created_at : datetime
        When permissions were read.
    members : int
        How many were frozen: those `removed`, assigned and unassigned together.
    removed : dict of str to int
        How many may not be contacted any more, by reason.
    assigned, unassigned : int
        How many found room, and how many did not.
    ways : dict of str to int
        Of those assigned: at home, or in the area where there was room.
    places : dict of str to int
        How many each place was given; those with none are absent.
    """

    id: str
    list_id: str
    spec: AssignmentSpec
    created_at: datetime
    members: int
    removed: dict[str, int]
    assigned: int
    unassigned: int
    ways: dict[str, int]
    places: dict[str, int]

    def document(self) -> dict[str, Any]:
        """Return it as HTTP answers it."""
        spec = self.spec.model_dump(mode="json", exclude_unset=True)
        return {**self.model_dump(mode="json"), "spec": spec}


def assignment_folder(artifacts: Path, list_id: str, identity: str) -> Path:
    """Return where an assignment lies."""
    return members_path(artifacts, list_id).parent / "assignments" / identity


def assign(
    found: TargetList,
    spec: AssignmentSpec,
    *,
    artifacts: Path,
    state: Engine,
    at: datetime,
    identity: str,
) -> Assignment:
    """Hand out who of a list may still be contacted, best first, and freeze it.

    Raises
    ------
    UnknownPlaceError
        If a place is not in the tables.
    DamagedListError, NoCustomersError
        If members, or customers, cannot be read.
    """
    before = mark(artifacts)
    places = places_of(artifacts, spec.to, capacity=spec.capacity, capacities=dict(spec.capacities))
    rows = whole_members(artifacts, found.id, found.members, ["rank", "customer_id"])
    allowed = still_allowed(
        ListSpec.model_validate(found.spec),
        rows["customer_id"].combine_chunks(),
        artifacts=artifacts,
        state=state,
        at=at,
    )
    kept = rows.filter(pa.array(allowed.may))
    if spec.to != "agents":
        kept = with_columns(artifacts, kept, ["city", "region"])
    handed = hand_out(places, wishes_of(artifacts, spec.to, kept, places))
    names = [places[number].id if number >= 0 else None for number in handed.place.tolist()]
    table = kept.select(["rank", "customer_id"])
    table = table.append_column("place_id", pa.array(names, pa.string()))
    table = table.append_column("way", pa.array(handed.way, pa.string()))
    by_place = Counter(name for name in names if name is not None)
    made = Assignment(
        id=identity,
        list_id=found.id,
        spec=spec,
        created_at=at,
        members=found.ledger.selected,
        removed=allowed.removed | forgotten_since(found, len(rows)),
        assigned=by_place.total(),
        unassigned=len(kept) - by_place.total(),
        ways=dict(Counter(way for way in handed.way if way is not None)),
        places=dict(sorted(by_place.items())),
    )
    with whole_folder(assignment_folder(artifacts, found.id, identity)) as draft:
        pq.write_table(table, draft / _ROWS, compression="zstd")
        write_json(draft / _MANIFEST, made.document())
    if mark(artifacts) != before:
        # Somebody was forgotten meanwhile, who may be in it.
        discard(assignment_folder(artifacts, found.id, identity))
        again = find_list(state, found.id)
        return assign(again, spec, artifacts=artifacts, state=state, at=at, identity=identity)
    return made


def read_assignment(artifacts: Path, list_id: str, identity: str) -> Assignment:
    """Return the manifest of an assignment.

    Raises
    ------
    UnknownAssignmentError
        If there is none of that id.
    """
    known = identity.startswith("assignment_") and identity.removeprefix("assignment_").isalnum()
    path = assignment_folder(artifacts, list_id, identity) / _MANIFEST
    if not known or not path.exists():
        raise UnknownAssignmentError(
            "the list has no assignment of this id. Use the location of the job that makes it."
        )
    return Assignment.model_validate(json.loads(path.read_text(encoding="utf-8")))


def assigned_members(
    artifacts: Path, made: Assignment, *, place: str | None, after: int, limit: int
) -> pa.Table:
    """Return members of ranks above `after`, of one place if it is named.

    Returns
    -------
    pyarrow.Table of shape (n_rows, 4)
        `rank`, `customer_id`, `place_id` and `way`; both null for who found no room.
    """
    wanted = [("rank", ">", after), *([("place_id", "==", place)] if place is not None else [])]
    path = assignment_folder(artifacts, made.list_id, made.id) / _ROWS
    return pq.read_table(path, filters=wanted).sort_by("rank").slice(0, limit)
