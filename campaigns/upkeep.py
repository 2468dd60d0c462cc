"""What lists refer to, and what lists are broken."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from campaigns.members import expired_on, members_path
from campaigns.state.tables import FrozenList
from pipeline.finding import Finding
from pipeline.garbage import Garbage, measured


def used_score_sets(state: Engine, *, since: datetime | None = None) -> frozenset[tuple[str, str]]:
    """Return model and id of each score set that a list, built since then, was built from."""
    query = select(FrozenList.model, FrozenList.score_set).distinct()
    if since is not None:
        query = query.where(FrozenList.created_at >= since)
    with Session(state) as session:
        rows = session.execute(query)
        return frozenset((row.model, row.score_set) for row in rows if row.model)


def inspect_lists(artifacts: Path, state: Engine) -> Iterator[Finding]:
    """Yield the lists whose members are missing or changed, and members without a list."""
    with Session(state) as session:
        rows = session.execute(select(FrozenList.id, FrozenList.members_sha256)).all()
    for row in rows:
        path = members_path(artifacts, row.id)
        if expired_on(path.parent) is not None and not path.exists():
            continue
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
        if found != row.members_sha256:
            what = "are missing" if found is None else "are not those that were frozen"
            yield Finding(f"list {row.id}", f"its members {what}", "restore it from a backup")
    for piece in members_without_a_list(artifacts, state):
        yield Finding(f"artifacts/lists/{piece.path.name}", f"holds {piece.why}", "shortlist gc")


def members_without_a_list(artifacts: Path, state: Engine) -> list[Garbage]:
    """Return the folders of members that no list names: what built it was killed before."""
    with Session(state) as session:
        known = set(session.scalars(select(FrozenList.id)))
    found = sorted((artifacts / "lists").glob("[!.]*"))
    return [measured(path, "members of no list") for path in found if path.name not in known]
