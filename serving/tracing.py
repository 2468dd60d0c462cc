"""OpenTelemetry traces, where they are asked for: how long each request took, never for whom.

FastAPI makes the spans, and continues the trace of a caller who sends `traceparent`. It notes
the path and the query of a request in them, which name customers, so what leaves the process is
copied by an allow-list.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

#: Set by whoever collects traces; see the OpenTelemetry specification.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_KEPT = frozenset(
    {
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "url.scheme",
        "network.protocol.version",
        "error.type",
        "code.function.name",
    }
)


class TracingUnavailableError(RuntimeError):
    """Traces are asked for, and the packages that send them are not installed."""


@dataclass(frozen=True)
class Tracing:
    """Makes traces and sends them away; makes none without a provider."""

    provider: "TracerProvider | None" = None

    def telemetry(self) -> "TelemetryConfig":
        """Return what FastAPI is told: to trace or not, and to send no logs of its own."""
        return {
            "tracing": self.provider is not None,
            "tracer_provider": self.provider,
            "metrics": False,
            "logs": False,
            "auto_configure": False,
        }

    def stop(self) -> None:
        """Send what is left."""
        if self.provider is not None:
            self.provider.shutdown()


def tracing_from_environment() -> Tracing:
    """Return tracing over OTLP where the environment names a collector.

    Raises
    ------
    TracingUnavailableError
        If it does, and the extra `tracing` is not installed.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return Tracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracingUnavailableError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends traces is not installed. Install "
            "shortlist[tracing], or unset it."
        ) from error
    provider = _provider()
    provider.add_span_processor(BatchSpanProcessor(without_customers(OTLPSpanExporter())))
    return Tracing(provider)


def tracing_to(exporter: "SpanExporter") -> Tracing:
    """Return tracing that hands each span to an exporter as soon as it ends."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    provider = _provider()
    provider.add_span_processor(SimpleSpanProcessor(without_customers(exporter)))
    return Tracing(provider)


def without_customers(exporter: "SpanExporter") -> "SpanExporter":
    """Return an exporter that is given copies of spans, without paths, queries and words."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Allowed(SpanExporter):
        def export(self, spans: "Sequence[ReadableSpan]") -> SpanExportResult:
            return exporter.export([_allowed(span) for span in spans])

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return exporter.force_flush(timeout_millis)

    return Allowed()


def _provider() -> "TracerProvider":
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider

    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES stand above the name.
    named = Resource({SERVICE_NAME: "shortlist"}).merge(Resource.create())
    default = str(named.attributes.get(SERVICE_NAME, "")).startswith("unknown_service")
    return TracerProvider(
        resource=named.merge(Resource({SERVICE_NAME: "shortlist"})) if default else named
    )


def _allowed(span: "ReadableSpan") -> "ReadableSpan":
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.trace import Status

    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={
            name: value for name, value in (span.attributes or {}).items() if name in _KEPT
        },
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
