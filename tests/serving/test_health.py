"""Health, readiness and metrics; a new release is followed without a restart."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families
from scored import MODEL, NOON, go_live, many, store
from service import running

from pipeline.durable import write_json
from pipeline.monitor.summary import summary_path
from pipeline.release import release, release_path, step_back
from pipeline.score_set import score_set_folder


def ready(service):
    return service.client.get("/readyz")


def metric(service, name):
    families = text_string_to_metric_families(service.client.get("/metrics").text)
    return sum(s.value for family in families for s in family.samples if s.name == name)


def test_a_process_that_runs_is_healthy_whatever_the_data(tmp_path):
    with running(tmp_path) as service:
        assert service.client.get("/healthz").json() == {"status": "ok"}


def test_nothing_released_is_not_ready_and_says_what_to_run(tmp_path):
    with running(tmp_path) as service:
        answer = ready(service)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "shortlist run" in answer.json()["detail"]
        with service.with_key("lists:write") as client:
            posted = client.post("/v1/lists", json={"model": MODEL, "size": 1})
        assert posted.status_code == 503


def test_the_first_release_makes_a_running_service_ready(tmp_path):
    with running(tmp_path) as service:
        assert ready(service).status_code == 503
        go_live(tmp_path, many(5))
        answer = ready(service)
    assert answer.json() == {
        "status": "ready",
        "revision": 1,
        "models": {
            MODEL: {
                "version": "1",
                "score_set": store(tmp_path, many(5)).id,
                "as_of": "2026-03-01",
                "status": "ready",
            }
        },
        "problems": [],
    }


def test_a_new_release_and_a_step_back_are_followed_at_once(tmp_path):
    go_live(tmp_path, many(5), version="1")
    with running(tmp_path) as service, service.with_key("lists:write") as client:

        def version():
            built = client.post("/v1/lists", json={"model": MODEL, "size": 3})
            return built.json()["model_version"]

        seen = [version()]
        go_live(tmp_path, many(5), version="2")
        seen.append(version())
        step_back(tmp_path, MODEL, at=NOON)
        seen.append(version())
    assert seen == ["1", "2", "1"]


def test_no_request_fails_while_releases_change(tmp_path):
    ids = {v: store(tmp_path, many(200), version=v).id for v in ("1", "2")}
    release(tmp_path, MODEL, version="1", score_set=ids["1"], at=NOON)
    with (
        running(tmp_path) as service,
        service.with_key("lists:write") as client,
        ThreadPoolExecutor(4) as threads,
    ):
        spec = {"model": MODEL, "size": 100}
        answers = [threads.submit(client.post, "/v1/lists", json=spec) for _ in range(120)]
        for turn in range(20):
            version = "12"[(turn + 1) % 2]
            release(tmp_path, MODEL, version=version, score_set=ids[version], at=NOON)
            time.sleep(0.005)
        codes = {answer.result().status_code for answer in answers}
        versions = {answer.result().json()["model_version"] for answer in answers}
    assert codes <= {200, 201}
    assert versions == {"1", "2"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": {"m": {"version": 3}}}', "\x00"])
def test_a_damaged_release_leaves_the_last_good_one_and_readiness_says_so(tmp_path, text):
    go_live(tmp_path, many(5))
    with running(tmp_path) as service, service.with_key("lists:write") as client:
        assert ready(service).json()["status"] == "ready"
        release_path(tmp_path).write_text(text)
        answer = ready(service)
        built = client.post("/v1/lists", json={"model": MODEL, "size": 3})
        alarm = metric(service, "shortlist_release_problems")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "does not describe a release" in answer.json()["problems"][0]
    assert (built.status_code, built.json()["model_version"]) == (201, "1")
    assert alarm == 1


def test_a_release_that_is_removed_leaves_the_last_good_one(tmp_path):
    go_live(tmp_path, many(5))
    with running(tmp_path) as service:
        ready(service)
        release_path(tmp_path).unlink()
        assert ready(service).json()["status"] == "degraded"
        assert MODEL in ready(service).json()["models"]


def test_a_release_that_was_damaged_before_the_start_is_not_ready(tmp_path):
    go_live(tmp_path, many(5))
    release_path(tmp_path).write_text("{")
    with running(tmp_path) as service:
        assert ready(service).status_code == 503


def test_damaged_scores_of_one_model_leave_the_others_alone(tmp_path):
    go_live(tmp_path, many(5))
    other = go_live(tmp_path, many(5), model="card_uptake").live("card_uptake")
    shutil.rmtree(score_set_folder(tmp_path, "card_uptake", other.score_set))
    with running(tmp_path) as service:
        answer = ready(service).json()
    assert (answer["status"], list(answer["models"])) == ("degraded", [MODEL])
    assert "card_uptake" in answer["problems"][0]


def test_a_version_is_ready_when_it_is_answered_from_and_not_before(tmp_path):
    def status(**asked):
        return service.client.get("/readyz", params={"model": MODEL, **asked}).status_code

    go_live(tmp_path, many(5), version="1")
    with running(tmp_path) as service:
        before = [status(), status(version="1"), status(version="2"), status(model="card_uptake")]
        second = go_live(tmp_path, many(5), version="2").live(MODEL)
        after = [status(version="1"), status(version="2")]
        third = go_live(tmp_path, many(5), version="3").live(MODEL)
        shutil.rmtree(score_set_folder(tmp_path, MODEL, third.score_set))
        behind = ready(service).json()["models"][MODEL]
    assert (before, after) == ([200, 200, 503, 503], [503, 200])
    assert (behind["status"], behind["score_set"]) == ("behind", second.score_set)


def test_a_repaired_release_is_ready_again(tmp_path):
    go_live(tmp_path, many(5))
    with running(tmp_path) as service:
        good = release_path(tmp_path).read_text()
        release_path(tmp_path).write_text("{")
        assert ready(service).status_code == 503
        release_path(tmp_path).write_text(good)
        assert ready(service).json()["status"] == "ready"


def test_requests_are_counted_by_the_pattern_of_their_route(tmp_path):
    go_live(tmp_path, many(5))
    with running(tmp_path) as service, service.with_key("admin") as client:
        for name in ("list_1", "list_2"):
            client.get(f"/v1/lists/{name}")
        text = service.client.get("/metrics").text
    assert (
        'shortlist_requests_total{method="GET",route="/v1/lists/{list_id}",status="404"} 2.0'
        in text
    )
    assert "list_1" not in text


def test_metrics_tell_what_monitoring_last_found(tmp_path):
    figures = {"alarms": 2.0, "score_psi": 0.04}
    found = {"version": "3", "as_of": "2026-03-01", "made_at": "2026-03-02", "figures": figures}
    with running(tmp_path) as service:
        assert metric(service, "shortlist_monitoring") == 0
        write_json(summary_path(tmp_path), {MODEL: found})
        text = service.client.get("/metrics").text
        assert metric(service, "shortlist_monitoring_as_of_seconds") == 1772323200
    wanted = f'shortlist_monitoring{{figure="alarms",subject="{MODEL}",version="3"}} 2.0'
    assert wanted in text
