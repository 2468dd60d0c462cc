"""The client asks a real service, and comes through when that is busy, away or slow."""

import hashlib
import http.server
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import get_type_hints

import pytest
from scored import MODEL, NOBODY_HELD_OUT, go_live, many
from service import running

from serving.app import create_app
from serving.settings import ServingSettings
from shortlist.client import (
    Client,
    ConflictError,
    DamagedDownloadError,
    ForbiddenError,
    InvalidRequestError,
    JobFailedError,
    NotFinishedError,
    NotFoundError,
    RateLimitedError,
    ServiceError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
    answers,
)
from shortlist.client.jobs import LOOKS_EVERY_S

BEFORE = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(3000), base=3600)
    with running(artifacts) as started:
        yield started


@pytest.fixture(scope="module")
def client(service):
    with Client(service.address, key=service.key("admin")) as made:
        yield made


def test_a_list_is_built_looked_at_and_read_to_its_last_member(client):
    made = client.lists.create({"model": MODEL, "size": 2500, **NOBODY_HELD_OUT})
    assert (made["selected"], client.lists.get(made["id"])) == (2500, made)
    members = list(client.lists.members(made["id"], page_size=1000))
    assert [member["rank"] for member in members] == list(range(1, 2501))
    assert members[0] == next(client.lists.members(made["id"]))
    assert made["id"] in {one["id"] for one in client.lists.all(model=MODEL)}


def test_a_list_that_becomes_a_job_is_waited_for(client):
    made = client.lists.create({"model": MODEL, "at_least": 0.5, **NOBODY_HELD_OUT})
    assert made["selected"] == 1501


def test_a_preview_builds_nothing(client):
    assert client.lists.preview({"model": MODEL, "size": 7, "seed": 99})["selected"] == 7
    assert 7 not in {one["selected"] for one in client.lists.all()}


@pytest.mark.parametrize("format_", ["csv", "ndjson", "parquet"])
def test_an_export_is_written_whole_with_its_checksum(client, tmp_path, format_):
    made = client.lists.create({"model": MODEL, "size": 100, "seed": 1})
    target = tmp_path / f"members.{format_}"
    target.write_text("from an earlier run")
    export = client.lists.export(made["id"], target, format=format_)
    assert export["rows"] == 100
    assert hashlib.sha256(target.read_bytes()).hexdigest() == export["files"][0]["sha256"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_download_that_is_not_what_was_written_leaves_everything_as_it_was(client, tmp_path):
    made = client.lists.create({"model": MODEL, "size": 100, "seed": 1})
    target = tmp_path / "members.csv"
    export = client.lists.export(made["id"], target)
    before = target.read_bytes()
    other = {**export["files"][0], "sha256": "0" * 64}
    with pytest.raises(DamagedDownloadError):
        client.lists.download(made["id"], export["id"], other, target)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_scores_of_any_number_of_customers_come_in_the_order_of_the_request(client):
    asked = [f"c{number:05}" for number in range(2400, -1, -1)] + ["nobody"]
    found = client.scores.batch(asked)
    (of_model,) = found["models"]
    assert [one["customer_id"] for one in of_model["scores"]] == asked[:-1]
    assert found["unknown"] == ["nobody"]
    assert client.scores.of("c00000", model=MODEL)["models"][0]["scores"][0]["probability"] == 1.0


def test_a_campaign_is_planned_once_and_followed(client):
    plan = {"campaign_id": "spring", "starts_at": "2026-03-02T00:00:00+08:00"}
    assert client.campaigns.plan(plan) == client.campaigns.plan(plan)
    with pytest.raises(ConflictError) as conflict:
        client.campaigns.plan({**plan, "goal": "another"})
    assert conflict.value.kind == "campaign-exists"
    assert client.campaigns.get("spring")["track"]["lists"] == 0
    assert client.campaigns.effect("spring")["campaign_id"] == "spring"
    assert [one["campaign_id"] for one in client.campaigns.all()] == ["spring"]


def test_reports_of_any_size_are_told_by_the_number_of_the_row(client, monkeypatch):
    monkeypatch.setattr("shortlist.client.reports._MOST_BYTES", 1000)
    rows = [
        {"customer_id": f"c{number:05}", "channel": "email", "purpose": "marketing"}
        | {"granted": number % 2 == 0, "event_time": BEFORE}
        for number in range(50)
    ]
    del rows[41]["customer_id"]
    told = client.reports.consents(rows)
    assert (told["accepted"], told["rejected"]) == (49, 1)
    assert [(one["line"], one["pointer"]) for one in told["errors"]] == [(42, "/customer_id")]
    outcome = {"campaign_id": "spring", "customer_id": "c00001", "kind": "purchase"}
    assert client.reports.outcomes([{**outcome, "event_time": BEFORE}])["changed"] == 1
    contact = {"campaign_id": "spring", "customer_id": "c00001", "channel": "email"}
    sent = [{**contact, "status": "sent", "event_time": BEFORE}]
    assert [client.reports.contacts(sent)["changed"] for _ in range(2)] == [1, 0]
    unwanted = {"customer_id": "c00002", "channel": "email", "reason": "asked"}
    assert client.reports.suppressions([unwanted])["accepted"] == 1


def test_an_error_says_where_in_the_request_it_lies(client):
    with pytest.raises(InvalidRequestError) as refused:
        client.lists.create({"model": MODEL, "size": 0})
    error = refused.value
    assert (error.status, error.kind) == (422, "invalid-request")
    assert error.errors[0]["pointer"] == "#/size"
    assert error.request_id
    assert "size: Input should be greater than or equal to 1" in str(error)


def test_each_refusal_is_an_error_of_its_own(service, client):
    with pytest.raises(NotFoundError):
        client.lists.get("list_0")
    with Client(service.address, key="sl_00000000_none") as stranger:
        with pytest.raises(UnauthorizedError) as refused:
            stranger.lists.get("list_0")
        assert "none" not in str(refused.value)
    reading = Client(service.address, key=service.key("scores:read"))
    with reading as reader, pytest.raises(ForbiddenError):
        reader.lists.get("list_0")


def test_a_job_that_fails_says_why(client):
    spec = {"model": MODEL, "at_least": 0.1, "where": {"customer": "region", "in": "North"}}
    with pytest.raises(ServiceError) as failed:
        client.lists.create(spec)
    assert "the data hold no customers" in failed.value.detail
    with pytest.raises((NotFinishedError, JobFailedError)) as asked:  # whichever comes first
        client.lists.create(spec, wait_s=-1)
    with pytest.raises(JobFailedError) as failed:
        client.jobs.wait(asked.value.job_id)
    assert failed.value.kind == "invalid-condition"


def test_an_id_cannot_lead_to_another_path(client):
    with pytest.raises(NotFoundError) as missing:
        client.lists.get("../campaigns/spring")
    assert missing.value.status == 404


class Clock:
    """A time that passes when somebody sleeps."""

    def __init__(self):
        self.time = 0.0
        self.slept = []

    def __call__(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


@contextmanager
def answering(*given):
    """A server that gives these answers in turn: status, headers, body; none hangs up."""
    met, left = [], list(given)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            met.append((self.command, self.path, self.headers.get("Idempotency-Key")))
            answer = left.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  # the library names it

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", met
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


FINE = (200, {}, b'{"id": "list_a"}')
RUNNING = (200, {}, b'{"status": "running"}')
DONE = (200, {}, b'{"status": "succeeded", "location": "/v1/lists/list_a"}')


def test_a_job_that_is_not_done_in_time_goes_on_and_is_waited_for_again():
    clock = Clock()
    with (
        answering(*[RUNNING] * 5, RUNNING, DONE) as (url, met),
        Client(url, key="k", clock=clock, sleep=clock.sleep) as client,
    ):
        with pytest.raises(NotFinishedError) as late:
            client.jobs.wait("job_a", wait_s=4 * LOOKS_EVERY_S)
        assert client.jobs.wait(late.value.job_id) == "/v1/lists/list_a"
    assert {path for _, path, _ in met} == {"/v1/jobs/job_a"}
    assert len(met) == 7


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_is_busy_is_asked_again_when_it_says(status):
    clock = Clock()
    with (
        answering((status, {"Retry-After": "7"}, b"{}"), (status, {}, b"{}"), FINE) as (url, met),
        Client(url, key="k", clock=clock, sleep=clock.sleep) as client,
    ):
        assert client.lists.get("list_a") == {"id": "list_a"}
    assert len(met) == 3
    assert clock.slept[0] == 7
    assert 0 < clock.slept[1] <= 2


def test_what_is_sent_again_carries_the_same_key_and_another_request_another():
    clock = Clock()
    in_progress = b'{"type": "urn:shortlist:problem:in-progress", "title": "Wait"}'
    with (
        answering(None, (409, {"Retry-After": "1"}, in_progress), FINE, FINE) as (url, met),
        Client(url, key="k", clock=clock, sleep=clock.sleep) as client,
    ):
        client.lists.create({"model": MODEL, "size": 1})
        client.lists.create({"model": MODEL, "size": 1})
    first, second, third, other = (key for _, _, key in met)
    assert first == second == third != other
    assert len(first) == 32


@pytest.mark.parametrize(
    ("status", "error"),
    [(429, RateLimitedError), (503, UnavailableError), (None, UnreachableError)],
)
def test_who_has_waited_long_enough_is_told(status, error):
    clock = Clock()
    answer = None if status is None else (status, {"Retry-After": "9"}, b"{}")
    with (
        answering(*[answer] * 30) as (url, met),
        Client(url, key="k", retry_for_s=30, clock=clock, sleep=clock.sleep) as client,
        pytest.raises(error),
    ):
        client.lists.get("list_a")
    assert clock.time <= 30
    assert len(met) >= 4


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 502])
def test_what_would_be_answered_the_same_is_not_asked_again(status):
    with (
        answering((status, {}, b"<html>no problem document")) as (url, met),
        Client(url, key="k") as client,
        pytest.raises(ServiceError) as refused,
    ):
        client.lists.get("list_a")
    assert refused.value.status == status
    assert len(met) == 1


def test_a_redirect_is_not_followed_with_the_key():
    with answering(FINE) as (elsewhere, met):
        there = (307, {"Location": f"{elsewhere}/v1/lists/list_a"}, b"")
        with (
            answering(there) as (url, _),
            Client(url, key="k") as client,
            pytest.raises(InvalidRequestError),
        ):
            client.lists.get("list_a")
    assert met == []


def test_a_download_that_breaks_off_is_begun_again(tmp_path):
    whole = b"rank,customer_id\n1,c00001\n"
    file = {"name": "members.csv", "rows": 1, "bytes": len(whole)}
    file["sha256"] = hashlib.sha256(whole).hexdigest()
    clock = Clock()
    with (
        answering((200, {"Content-Length": "999"}, whole[:9]), (200, {}, whole)) as (url, met),
        Client(url, key="k", clock=clock, sleep=clock.sleep) as client,
    ):
        client.lists.download("list_a", "export_a", file, tmp_path / "members.csv")
    assert (tmp_path / "members.csv").read_bytes() == whole
    assert len(met) == 2


SERVER = {"fastapi", "sqlalchemy", "pandas", "numpy", "duckdb", "pyarrow", "pydantic"} | {
    *("serving", "campaigns", "pipeline", "models", "features")
}


def test_the_client_imports_nothing_of_the_service():
    code = "import shortlist.client, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "httpx" in said.split()
    assert not SERVER & set(said.split())


DOCUMENT = create_app(ServingSettings()).openapi()["components"]["schemas"]
DOCUMENTS = (
    *("ListDocument", "PreviewDocument", "Member", "JobDocument", "ExportDocument", "ExportFile"),
    *("Score", "ModelScores", "CustomerScores", "BatchScores", "NextProducts"),
    *("Campaign", "CampaignDocument", "Received", "BadLine"),
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_types_of_answers_have_the_fields_that_the_service_describes(name):
    fields = next(
        schema["properties"]
        for found, schema in DOCUMENT.items()
        if found in {name, f"{name}-Output"}
    )
    assert set(get_type_hints(getattr(answers, name))) == set(fields)
