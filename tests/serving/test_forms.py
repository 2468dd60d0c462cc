"""Members a line each: NDJSON and CSV, the same members as in JSON."""

import csv
import io
import json

import pyarrow as pa
import pytest
from scored import MODEL, NOBODY_HELD_OUT, go_live
from service import running

from serving.formats import NotAcceptableError, accepted_form
from serving.language import accepted_language

ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def path(client):
    """The members of a list of 2,500."""
    spec = {"model": MODEL, "size": 2500, **NOBODY_HELD_OUT}
    return client.post("/v1/lists", json=spec).headers["Location"] + "/members"


def pages(client, path, accept):
    """Return all pages, following the header."""
    found = []
    while path:
        answer = client.get(path, headers={"Accept": accept}).raise_for_status()
        found.append(answer)
        path = answer.links.get("next", {}).get("url")
    return found


def test_lines_of_json_are_the_members_of_the_pages(client, path):
    answers = pages(client, path + "?limit=1000", "application/x-ndjson")
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/x-ndjson"}
    lines = [json.loads(line) for answer in answers for line in answer.text.splitlines()]
    whole = [
        m for answer in pages(client, path + "?limit=700", "*/*") for m in answer.json()["members"]
    ]
    assert lines == whole
    assert len(lines) == 2500


def test_each_page_of_csv_names_its_columns(client, path):
    answers = pages(client, path + "?limit=999", "text/csv")
    rows = [row for answer in answers for row in csv.DictReader(io.StringIO(answer.text))]
    assert [int(row["rank"]) for row in rows] == list(range(1, 2501))
    assert rows[0]["customer_id"] == "c00000"
    assert float(rows[0]["probability"]) == 1
    assert len(answers) == 3


def test_pages_in_arrow_hold_the_members_with_their_types(client, path):
    answers = pages(client, path + "?limit=999", ARROW)
    assert {answer.headers["Content-Type"] for answer in answers} == {ARROW}
    found = [pa.ipc.open_stream(answer.content).read_all() for answer in answers]
    whole = [
        m for answer in pages(client, path + "?limit=999", "*/*") for m in answer.json()["members"]
    ]
    assert [row for table in found for row in table.to_pylist()] == whole
    assert found[0].schema.field("rank").type == pa.int32()


def test_a_page_in_arrow_is_in_the_audit_and_calls_nobody_by_an_id_who_may_not_see_it(service):
    with service.with_key("lists:read", "lists:write", "admin") as client:
        spec = {"model": MODEL, "size": 3, **NOBODY_HELD_OUT}
        path = client.post("/v1/lists", json=spec).headers["Location"] + "/members"
        client.get(path, headers={"Accept": ARROW}).raise_for_status()
        (event, *_) = client.get("/v1/audit").json()["events"]
    assert (event["rows"], event["route"]) == (3, "GET /v1/lists/{list_id}/members")
    with service.with_key("lists:read") as client:
        answer = client.get(path, headers={"Accept": ARROW})
        known = client.get(path).json()["members"]
    named = pa.ipc.open_stream(answer.content).read_all()["customer_id"].to_pylist()
    assert named == [one["customer_id"] for one in known]
    assert all(one.startswith("p_") for one in named)


def test_a_page_of_json_leads_on_by_its_header_too(client, path):
    answer = client.get(path + "?limit=10")
    assert client.get(answer.links["next"]["url"]).json()["members"][0]["rank"] == 11


@pytest.mark.parametrize("risky", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\uff1d1"])
def test_what_a_spreadsheet_takes_for_a_formula_is_text_in_csv_alone(tmp_path, risky):
    go_live(tmp_path, {risky: 0.9, 'say "hi", ann': 0.5})
    with running(tmp_path) as service, service.with_key("admin") as client:
        spec = {"model": MODEL, "size": 2, **NOBODY_HELD_OUT}
        path = client.post("/v1/lists", json=spec).headers["Location"] + "/members"
        text = client.get(path, headers={"Accept": "text/csv"}).content.decode()
        lines = client.get(path, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["customer_id"] for row in rows] == ["'" + risky, 'say "hi", ann']
    assert json.loads(lines[0])["customer_id"] == risky


def test_a_form_that_there_is_not_is_refused(client, path):
    answer = client.get(path, headers={"Accept": "application/xml"})
    assert (answer.status_code, answer.json()["type"]) == (
        406,
        "urn:shortlist:problem:not-acceptable",
    )


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/*", "csv"),
        ("application/*", "json"),
        ("application/json;q=0, */*", "ndjson"),
        ("text/csv;q=0.5, application/x-ndjson;q=0.6", "ndjson"),
    ],
)
def test_the_form_is_the_one_liked_best(accept, form):
    assert accepted_form(accept) == form


def test_a_weight_of_nothing_is_a_refusal():
    with pytest.raises(NotAcceptableError, match="text/csv"):
        accepted_form("text/csv;q=0")


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("de", "en"),
        ("zh", "zh-TW"),
        ("en;q=0.4, zh-CN;q=0.5", "zh-TW"),
        ("en;q=x", "en"),
    ],
)
def test_the_language_is_the_one_liked_best(accept, language):
    assert accepted_language(accept) == language
