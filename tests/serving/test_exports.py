"""Exports over HTTP: asked for, made by a job, looked at, downloaded."""

import hashlib
from datetime import UTC, datetime

import pandas as pd
import pytest
from jobs import done
from scored import MODEL, NOBODY_HELD_OUT, go_live, many
from service import running
from sqlalchemy.orm import Session

from campaigns.state.tables import Suppression


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A service that knows where its customers live."""
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(300))
    (artifacts / "tables").mkdir()
    pd.DataFrame(
        {
            "customer_id": list(many(300)),
            "address": "1 Sea Road",
            "city": "Hualien",
            "region": "East",
            "postal_code": "970001",
            "email": "ann@x.tw",
        }
    ).to_parquet(artifacts / "tables" / "customers.parquet")
    with running(artifacts) as started:
        yield started


@pytest.fixture(scope="module")
def client(shop):
    with shop.with_key("lists:read", "lists:write") as made:
        yield made


@pytest.fixture(scope="module")
def path(client):
    """The exports of a list of 200."""
    spec = {"model": MODEL, "size": 200, **NOBODY_HELD_OUT}
    return client.post("/v1/lists", json=spec).headers["Location"] + "/exports"


def test_an_export_is_made_by_a_job_and_downloaded(shop, client, path):
    with Session(shop.state) as session, session.begin():
        session.add(
            Suppression(customer_id="c00007", channel="", reason="asked", since=datetime.now(UTC))
        )
    job = done(client, client.post(path, json={"format": "csv", "fields": ["rank", "customer_id"]}))
    assert (job["kind"], job["status"], job["progress"]) == ("export", "succeeded", 1)
    manifest = client.get(job["location"]).json()
    assert (manifest["members"], manifest["rows"]) == (200, 199)
    assert manifest["removed"] == {"suppressed": 1}
    (file,) = manifest["files"]
    answer = client.get(f"{job['location']}/files/{file['name']}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "members.csv" in answer.headers["Content-Disposition"]
    assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
    assert "c00007" not in answer.text
    assert len(answer.text.splitlines()) == 200


def test_who_waits_is_answered_with_the_manifest(client, path):
    answer = client.post(path, json={"format": "parquet"}, headers={"Prefer": "wait=20"})
    assert answer.status_code == 201
    assert client.get(answer.headers["Location"]).json() == answer.json()


def test_the_exports_of_a_list_are_shown_newest_first(client):
    spec = {"model": MODEL, "size": 30, **NOBODY_HELD_OUT}
    path = client.post("/v1/lists", json=spec).headers["Location"] + "/exports"
    assert client.get(path).json()["exports"] == []
    made = [
        client.post(path, json={"format": form}, headers={"Prefer": "wait=20"}).json()
        for form in ("csv", "ndjson", "parquet")
    ]
    assert client.get(path).json()["exports"] == made[::-1]
    assert client.get(path, params={"limit": 1}).json()["exports"] == made[2:]
    assert client.get("/v1/lists/list_0/exports").status_code == 404


@pytest.mark.parametrize(
    "spec", [{"format": "labels"}, {"format": "csv", "fields": ["rank", "email"]}]
)
def test_how_people_are_reached_takes_a_scope_of_its_own(shop, client, path, spec):
    refused = client.post(path, json=spec)
    assert (refused.status_code, "members:pii" in refused.text) == (403, True)
    with shop.with_key("lists:read", "members:pii") as allowed:
        made = allowed.post(path, json=spec, headers={"Prefer": "wait=20"})
        file = f"{made.headers['Location']}/files/{made.json()['files'][0]['name']}"
        assert "Sea Road" in allowed.get(file).text or "ann@x.tw" in allowed.get(file).text
        assert client.get(file).status_code == 403


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        ({}, "#/format"),
        ({"format": "xls"}, "#/format"),
        ({"format": "csv", "fields": []}, "#/fields"),
        ({"format": "csv", "fields": ["salary"]}, "#/fields"),
        ({"format": "csv", "sep": ";"}, "#/sep"),
    ],
)
def test_what_cannot_be_exported_is_refused_at_once(client, path, spec, pointer):
    answer = client.post(path, json=spec)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_what_was_not_exported_is_not_found(client, path):
    made = client.post(path, json={"format": "ndjson"}, headers={"Prefer": "wait=20"})
    location = made.headers["Location"]
    for missing in (
        f"{path}/export_0",
        f"{location}/files/manifest.json",
        f"{location}/files/..%2Fmanifest.json",
        f"{path}/..%2F..%2Fmembers.parquet/files/x",
        "/v1/lists/list_0/exports/export_0",
    ):
        assert client.get(missing).status_code == 404, missing
    assert client.post("/v1/lists/list_0/exports", json={"format": "csv"}).status_code == 404
