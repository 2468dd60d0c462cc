"""So many requests a minute a key: told before, refused beyond, then welcome again."""

import asyncio
import re

import httpx
import pytest
from scored import go_live, many
from service import running
from starlette.responses import PlainTextResponse

from campaigns.keys import Key
from serving.problems import refuse
from serving.rate_limit import LimitRate


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    artifacts = tmp_path_factory.mktemp("artifacts")
    go_live(artifacts, many(5))
    with running(artifacts, rate_limit_per_minute=3) as started:
        yield started


def test_each_answer_says_how_many_are_left(service):
    with service.with_key("lists:read") as client:
        answers = [client.get(path) for path in ("/v1/lists", "/v1/none", "/v1/keys")]
    assert [answer.status_code for answer in answers] == [200, 404, 403]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"key";q=3;w=60'}
    left = [re.fullmatch(r'"key";r=(\d);t=(\d+)', a.headers["RateLimit"]) for a in answers]
    assert [int(one[1]) for one in left] == [2, 1, 0]
    assert all(1 <= int(one[2]) <= 60 for one in left)


def test_beyond_the_limit_a_key_is_told_when_to_come_back(service):
    with service.with_key("lists:read") as client:
        answers = [client.get("/v1/lists") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    refused = answers[-1]
    assert refused.json()["type"] == "urn:shortlist:problem:too-many-requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"key";r=0;t=')


def test_one_key_does_not_use_up_the_limit_of_another(service):
    with service.with_key("lists:read") as greedy, service.with_key("lists:read") as modest:
        assert [greedy.get("/v1/lists").status_code for _ in range(4)][-1] == 429
        assert modest.get("/v1/lists").status_code == 200


def test_what_needs_no_key_is_not_counted(service):
    answers = [service.client.get("/healthz") for _ in range(6)]
    assert {answer.status_code for answer in answers} == {200}
    assert not {name for answer in answers for name in answer.headers if "ratelimit" in name}


def test_a_limit_of_nothing_counts_nothing(tmp_path):
    go_live(tmp_path, many(5))
    with running(tmp_path, rate_limit_per_minute=0) as service:
        with service.with_key("lists:read") as client:
            answers = [client.get("/v1/lists") for _ in range(6)]
        assert {answer.status_code for answer in answers} == {200}
        assert "RateLimit" not in answers[0].headers


class AsKey:
    """Give each request the key that its header names."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        name = dict(scope["headers"]).get(b"x-api-key", b"").decode()
        scope["state"] = {"key": Key(name, name, frozenset(), None, None)}
        await self.app(scope, receive, send)


@pytest.fixture
def limited():
    """Ask an application that takes two requests a minute; its clock, and itself."""
    clock = [1000.0]
    app = LimitRate(PlainTextResponse("ok"), limit=2, refuse=refuse, clock=lambda: clock[0])

    async def ask(key):
        transport = httpx.ASGITransport(AsKey(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/", headers={"X-Api-Key": key})

    return lambda key="ann": asyncio.run(ask(key)), clock, app


def test_a_window_begins_with_the_first_request_and_ends_after_a_minute(limited):
    ask, clock, _ = limited
    codes = []
    for seconds in (0, 30, 59.9, 60, 119.9):
        clock[0] = 1000 + seconds
        codes.append(ask().status_code)
    assert codes == [200, 200, 429, 200, 200]
    answer = ask()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_keys_that_ask_no_more_are_forgotten(limited, monkeypatch):
    monkeypatch.setattr("serving.rate_limit._MOST", 10)
    ask, clock, app = limited
    for number in range(40):
        clock[0] += 10
        ask(f"key{number}")
    assert len(app.windows) <= 11
