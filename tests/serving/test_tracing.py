"""Traces, where they are asked for: the caller's trace goes on, and names no customer."""

import sys

import pytest
from scored import MODEL, go_live, many
from service import running

from serving.tracing import (
    ENDPOINTS,
    TracingUnavailableError,
    tracing_from_environment,
    tracing_to,
)

memory = pytest.importorskip(
    "opentelemetry.sdk.trace.export.in_memory_span_exporter",
    reason="the OpenTelemetry SDK is not installed",
)
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def traced(artifacts, ask):
    exporter = memory.InMemorySpanExporter()
    with running(artifacts, tracing=tracing_to(exporter)) as service:
        ask(service)
    return exporter.get_finished_spans()


def test_the_trace_of_the_caller_goes_on_under_the_pattern_of_the_route(tmp_path):
    go_live(tmp_path, many(5))

    def ask(service):
        service.client.get("/readyz", headers={"traceparent": CALLER})

    spans = traced(tmp_path, ask)
    (server,) = [span for span in spans if span.kind.name == "SERVER"]
    assert server.name == "GET /readyz"
    assert f"{server.context.trace_id:032x}" == CALLER.split("-")[1]
    assert f"{server.parent.span_id:016x}" == CALLER.split("-")[2]
    assert server.attributes["http.response.status_code"] == 200
    assert server.resource.attributes["service.name"] == "shortlist"


def test_a_span_holds_neither_path_nor_query_nor_the_words_of_an_error(tmp_path, monkeypatch):
    def defect(*_given):
        raise KeyError("kunde-7")

    go_live(tmp_path, {"kunde-7": 0.9})
    monkeypatch.setattr("pipeline.lookup.Lookup.rows", defect)

    def ask(service):
        with service.with_key("admin") as client:
            path = f"/v1/customers/kunde-7/scores?model={MODEL}"
            assert client.get(path).status_code == 500

    spans = traced(tmp_path, ask)
    (server,) = [span for span in spans if span.kind.name == "SERVER"]
    assert server.attributes["http.route"] == "/v1/customers/{customer_id}/scores"
    assert server.attributes["http.response.status_code"] == 500
    said = " ".join(span.to_json() for span in spans)
    assert "kunde-7" not in said
    assert MODEL not in said
    assert "sl_" not in said


def test_nothing_is_traced_unless_it_is_asked_for(tmp_path, monkeypatch):
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert tracing_from_environment().telemetry()["tracing"] is False


def test_traces_that_cannot_be_sent_are_refused_with_what_to_install(monkeypatch):
    monkeypatch.setenv(ENDPOINTS[0], "http://127.0.0.1:1")
    absent = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(TracingUnavailableError, match=r"shortlist\[tracing\]"):
        tracing_from_environment()
