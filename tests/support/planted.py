"""A project in which every store names one unmistakable person."""

import json
from datetime import timedelta

import pandas as pd
from explained import explainable
from scored import MODEL, NOBODY_HELD_OUT, NOON
from sqlalchemy import update
from sqlalchemy.orm import Session

from campaigns.assignments import AssignmentSpec, assign
from campaigns.building import build_list
from campaigns.desk import Desk
from campaigns.exports import ExportSpec, write_export
from campaigns.jobs import submit
from campaigns.list_spec import ListSpec
from campaigns.state.tables import (
    ConsentChange,
    ContactEvent,
    KeptAnswer,
    OutcomeEvent,
    QueuedJob,
    Reminded,
    Suppression,
)
from pipeline.lookup import Lookup
from pipeline.release import read_release
from pipeline.score_set import read_score_set

#: Among the best of the list, so that it is a member.
NAMED = "person-{:05}"


def planted(folder, state, *, size=60):
    """Fill a project and its state; return the list, and the person, whom everything names."""
    artifacts = folder / "artifacts"
    explainable(artifacts, 120, named=NAMED)
    release = read_release(artifacts)
    spec = ListSpec(model=MODEL, size=size, **NOBODY_HELD_OUT)
    with Desk(artifacts) as desk:
        found = build_list(spec, release, desk=desk, state=state, at=NOON).list
    members = pd.read_parquet(artifacts / "lists" / found.id / "members.parquet")
    person = members["customer_id"].iloc[9]
    people = pd.DataFrame({"customer_id": members["customer_id"], "email": "e", "city": "Taipei"})
    for name in ("ingested", "tables", "quarantine", "evaluations/customer_activity", "mlflow/1"):
        (artifacts / name).mkdir(parents=True)
        people.to_parquet(artifacts / name / "customers.parquet")
    # DVC's cache names a file by its content, and a folder by a list of these.
    cached = folder / ".dvc" / "cache" / "files" / "md5" / "ab"
    cached.mkdir(parents=True)
    people.to_parquet(cached / "cdef")
    listed = [{"md5": "abcdef", "relpath": "customers.parquet"}]
    (cached / "0123.dir").write_text(json.dumps(listed))
    (cached / "4567").write_text("nobody")
    (artifacts / "run.log").write_text(f"looked up {person}\n")
    Lookup(artifacts).rows(read_score_set(artifacts, MODEL, found.score_set), [person])
    given = {"artifacts": artifacts, "state": state, "at": NOON}
    export = ExportSpec(format="csv", fields=("rank", "probability"))
    write_export(found, export, identity="export_a", **given)
    agents = AssignmentSpec(to="agents", capacities={"kim": 100})
    assign(found, agents, identity="assignment_a", **given)
    submit(state, kind="scores", request={"customers": [person]}, asked_by="k", at=NOON)
    with Session(state) as session, session.begin():
        session.execute(update(QueuedJob).values(status="succeeded"))
        session.add_all(_rows(person))
    return found, person


def _rows(person):
    who = {"customer_id": person, "channel": "email"}
    came = {"event_time": NOON, "received_at": NOON}
    return [
        ConsentChange(**who, purpose="marketing", granted=True, **came),
        Suppression(**who, reason="requested", since=NOON + timedelta(days=1)),
        ContactEvent(**who, campaign_id="spring", status="sent", **came),
        OutcomeEvent(campaign_id="spring", customer_id=person, kind="visit", value=1.0, **came),
        Reminded(name="weekly", customer_id=person, about="tea", due_on=NOON.date()),
        KeptAnswer(
            api_key="k",
            key="1",
            request_sha256="0",
            status=200,
            headers={},
            body=json.dumps({"customer_id": person}).encode(),
            created_at=NOON,
        ),
    ]
