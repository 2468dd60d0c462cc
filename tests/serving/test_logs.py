"""The log tells what was asked for and what went wrong, and never of whom."""

import io
import json
import logging
import re
from contextlib import contextmanager

import httpx
import pytest
from scored import MODEL, go_live
from service import running

from campaigns.members import members_path
from campaigns.target_list import UnknownListError
from serving.logs import JsonLines, TextLines, scrubbed

IDS = re.compile(r"kunde-\d+")


@contextmanager
def log(formatter):
    """Collect what the service would write to stderr."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root, requests = logging.getLogger(), logging.getLogger("serving.request_log")
    before = root.level, requests.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        requests.setLevel(before[1])


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def answered(stream):
    return [one for one in lines(stream) if one["logger"] == "serving.request_log"]


@pytest.fixture
def secretive(tmp_path, monkeypatch):
    """A service of which one route has a defect that names a customer."""

    def defect(*_given, **_named):
        raise KeyError("kunde-7")

    go_live(tmp_path, {f"kunde-{one}": one / 50 for one in range(50)})
    monkeypatch.setattr("pipeline.lookup.Lookup.rows", defect)
    with running(tmp_path) as service:
        yield service


def test_a_request_is_logged_under_its_pattern_with_its_id_and_the_prefix_of_its_key(tmp_path):
    with running(tmp_path) as service, log(JsonLines()) as stream:
        key = service.key("lists:read")
        service.client.get(
            "/v1/lists/list_0?cursor=kunde-1",
            headers={"X-Api-Key": key, "X-Request-Id": "mine"},
        )
    (line,) = answered(stream)
    assert line.pop("duration_ms") > 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "serving.request_log",
        "message": "answered",
        "request_id": "mine",
        "method": "GET",
        "route": "/v1/lists/{list_id}",
        "status": 404,
        "key": key.split("_")[1],
    }


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()], ids=["json", "text"])
def test_no_route_writes_a_customer_a_key_or_a_query_to_the_log(secretive, formatter):
    spec = {"model": MODEL, "size": 20}
    key = secretive.key("admin")
    paths = secretive.client.get("/openapi.json").json()["paths"]
    with (
        log(formatter) as stream,
        httpx.Client(
            base_url=secretive.address, headers={"Authorization": f"Bearer {key}"}, timeout=60
        ) as client,
    ):
        built = client.post("/v1/lists", json=spec).json()["id"]
        asked = 0
        for path, operations in paths.items():
            place = path.replace("{list_id}", built)
            place = re.sub(r"\{\w+\}", "kunde-7", place)
            for method in operations:
                body = {"customers": ["kunde-7"], "customer_id": "kunde-7", **spec}
                client.request(
                    method, place, params={"model": "kunde-7", "where": "kunde-8"}, json=body
                )
                asked += 1
        defect = client.get("/v1/customers/kunde-7/scores")
        members_path(secretive.artifacts, built).write_bytes(b"kunde-9")
        client.get(f"/v1/lists/{built}/members")
    said = stream.getvalue()
    assert defect.status_code == 500
    assert said.count("serving.request_log") == asked + 3
    assert "KeyError" in said
    assert not IDS.search(said), IDS.search(said)
    assert key not in said
    assert "where" not in said


def test_a_defect_is_told_with_its_places_and_its_request(secretive):
    with log(JsonLines()) as stream, secretive.with_key("admin") as client:
        answer = client.get("/v1/customers/kunde-7/scores")
    (line,) = [one for one in lines(stream) if "error" in one]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["error"][0]["type"] == "KeyError"
    assert "message" not in line["error"][0]
    assert any("scores.py" in place for place in line["error"][0]["at"])


def test_the_words_of_our_own_errors_are_told_and_those_behind_them_are_not():
    error = UnknownListError("there is no list of this id.")
    error.__cause__ = ValueError("kunde-1 is not a number")
    told = scrubbed(error)
    assert [one["type"] for one in told] == ["UnknownListError", "ValueError"]
    assert [one.get("message") for one in told] == ["there is no list of this id.", None]


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()], ids=["json", "text"])
def test_the_values_in_the_messages_of_others_are_left_out(formatter):
    with log(formatter) as stream:
        logging.getLogger("somebody").warning("cannot read %s", "kunde-1")
        logging.getLogger("asyncio").error("Task failed: KeyError('kunde-2')")
    assert "cannot read %s" in stream.getvalue()
    assert not IDS.search(stream.getvalue())
