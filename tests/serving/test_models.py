"""/v1/models: what is live, making a version live, and stepping back, each told and repeatable."""

import shutil
from contextlib import contextmanager

import pytest
from jobs import done
from scored import MODEL
from service import running
from small_shop import AS_OF, small_shop

from pipeline.durable import write_json
from pipeline.release import read_release
from pipeline.versions import Version

WAIT = {"Prefer": "wait=60"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A project with a version that is live, and another one."""
    folder = tmp_path_factory.mktemp("shop")
    project, _, _ = small_shop(folder)
    versions = project.artifacts / "versions" / MODEL
    shutil.copytree(versions / "1", versions / "2")
    second = Version(model=MODEL, number="2", training="u", definition="d", run_id="r")
    write_json(versions / "2" / "version.json", second.model_dump())
    day = AS_OF.isoformat()
    roles = dict.fromkeys(("tune", "calibrate", "test", "score"), day)
    write_json(project.artifacts / "cutoffs.json", {MODEL: {"train": [day], **roles}})
    return folder


@contextmanager
def served(folder):
    with (
        running(folder / "artifacts") as service,
        service.with_key("lists:read", "models:promote") as client,
    ):
        yield service, client


@pytest.fixture(scope="module")
def shop(trained):
    """A service in which nothing changes, and a client that may change it."""
    with served(trained) as started:
        yield started


@pytest.fixture
def own(trained, tmp_path):
    """The same for one test, which may change it."""
    shutil.copytree(trained, tmp_path / "shop", ignore=shutil.ignore_patterns("state.db*"))
    with served(tmp_path / "shop") as started:
        yield started


def live(client):
    return client.get(f"/v1/models/{MODEL}").raise_for_status().json()["live"]


def test_what_is_live_is_listed_with_every_version(shop):
    service, client = shop
    with service.with_key("lists:read") as reader:
        document = reader.get("/v1/models").json()
    (model,) = document["models"]
    entry = read_release(service.artifacts).live(MODEL)
    assert (document["revision"], model["model"]) == (1, MODEL)
    assert (model["live"]["version"], model["live"]["score_set"]) == ("1", entry.score_set)
    assert model["previous"] == []
    assert [(one["version"], one["gate"]) for one in model["versions"]] == [
        ("1", "not asked"),
        ("2", "not asked"),
    ]
    assert client.get(f"/v1/models/{MODEL}").json() == model


def test_a_version_goes_live_by_a_job_and_again_changes_nothing(own):
    service, client = own
    promote, body = f"/v1/models/{MODEL}/promote", {"version": "2", "reason": "a test"}
    job = done(client, client.post(promote, json=body), within_s=60)
    assert (job["kind"], job["status"], job["location"]) == (
        "promotion",
        "succeeded",
        f"/v1/models/{MODEL}",
    )
    assert live(client)["version"] == "2"
    revision = read_release(service.artifacts).revision
    again = client.post(promote, json=body, headers=WAIT)
    assert (again.status_code, again.json()["live"]["version"]) == (200, "2")
    assert read_release(service.artifacts).revision == revision
    (version, score_set) = (again.json()["live"][name] for name in ("version", "score_set"))
    back = {"version": version, "score_set": score_set}
    stepped = client.post(f"/v1/models/{MODEL}/rollback", json=back)
    assert (stepped.status_code, stepped.json()["live"]["version"]) == (200, "1")
    assert stepped.json()["versions"][1]["withdrawn_at"]
    assert client.post(f"/v1/models/{MODEL}/rollback", json=back).json() == stepped.json()
    assert live(client)["version"] == "1"
    with service.with_key("admin") as admin:
        events = admin.get("/v1/audit").json()["events"]
    assert [(one["route"], one["about"]) for one in events] == [
        ("POST /v1/models/{model}/rollback", f"{MODEL} 2"),
        *[("POST /v1/models/{model}/promote", f"{MODEL} 2")] * 2,
    ]


def problem(answer):
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_what_the_gate_has_not_passed_takes_a_reason(shop):
    _, client = shop
    answer = client.post(f"/v1/models/{MODEL}/promote", json={"version": "2"}, headers=WAIT)
    assert problem(answer) == (422, "refused-version")
    assert answer.json()["errors"][0]["pointer"] == "#/reason"
    assert live(client)["version"] == "1"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (f"{MODEL}/promote", {"version": "9", "reason": "x"}, (422, "unknown-version")),
        (f"{MODEL}/promote", {"version": "../1", "reason": "x"}, (422, "invalid-request")),
        (f"{MODEL}/promote", {"version": "1", "reason": ""}, (422, "invalid-request")),
        (f"{MODEL}/promote", {}, (422, "invalid-request")),
        ("none_such/promote", {"version": "1"}, (404, "unknown-model")),
        ("learners.trees/promote", {"version": "1"}, (422, "invalid-request")),
        ("..%2Fcard/promote", {"version": "1"}, (404, "not-found")),
        ("none_such/rollback", {"version": "1", "score_set": "s"}, (404, "unknown-model")),
        (f"{MODEL}/rollback", {"version": "1", "score_set": "s"}, (409, "another-live")),
        (f"{MODEL}/rollback", {"version": "1"}, (422, "invalid-request")),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(shop, path, body, expected):
    _, client = shop
    assert problem(client.post(f"/v1/models/{path}", json=body)) == expected
    assert live(client)["version"] == "1"


def test_from_the_first_release_there_is_nothing_to_step_back_to(shop):
    _, client = shop
    now = {name: live(client)[name] for name in ("version", "score_set")}
    answer = client.post(f"/v1/models/{MODEL}/rollback", json=now)
    assert problem(answer) == (409, "nothing-before")


def test_a_promotion_that_fails_says_why_and_leaves_the_release(own):
    service, client = own
    (service.artifacts / "cutoffs.json").unlink()
    body = {"version": "2", "reason": "a test"}
    answer = client.post(f"/v1/models/{MODEL}/promote", json=body, headers=WAIT)
    assert problem(answer) == (503, "no-project")
    assert live(client)["version"] == "1"
