"""OpenTelemetry: a span for each request, with its queue and its inference inside. Needs the `otel` extra."""

import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from xephang.errors import MissingExtraError
from xephang.server.answering import Timing


class Tracing:
    """Send a span for each request to an OTLP endpoint over HTTP; without an endpoint, do nothing."""

    def __init__(self, endpoint: str | None) -> None:
        """Start the exporter.

        :raises MissingExtraError: if OpenTelemetry is not installed.
        """
        self._tracer: Any = None
        self._provider: Any = None
        if endpoint is None:
            return
        if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
            raise MissingExtraError("otlp_endpoint", "otel")
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._provider = TracerProvider(resource=Resource.create({"service.name": "xephang"}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("xephang.server")

    def record(
        self,
        name: str,
        seconds: float,
        timing: Timing,
        headers: Mapping[str, str],
        said: Mapping[str, Any],
        *,
        first_stage: float | None = None,
    ) -> None:
        """Record a request that has just ended; a `traceparent` header makes it part of its caller's trace.

        :param said: attributes.
        :param first_stage: seconds that a search took before anything was scored.
        """
        if self._tracer is None:
            return
        from opentelemetry import propagate, trace

        ended = time.time_ns()
        began = ended - int(seconds * 1e9)
        attributes = {key: value for key, value in said.items() if value is not None}
        span = self._tracer.start_span(
            name,
            context=propagate.extract(headers),
            kind=trace.SpanKind.SERVER,
            start_time=began,
            attributes=attributes,
        )
        inside = trace.set_span_in_context(span)
        if first_stage is not None:
            found = min(began + int(first_stage * 1e9), ended)
            self._tracer.start_span("first stage", context=inside, start_time=began).end(found)
        at = ended - int((timing.queue + timing.tokenising + timing.inference) * 1e9)
        for part in ("queue", "tokenising", "inference"):
            until = at + int(getattr(timing, part) * 1e9)
            self._tracer.start_span(part, context=inside, start_time=max(at, began)).end(max(until, began))
            at = until
        span.end(ended)

    def close(self) -> None:
        """Send what is left."""
        if self._provider is not None:
            self._provider.shutdown()
