"""Spans sent to an OpenTelemetry collector: the only module that knows OpenTelemetry, an extra.

Where to and how much is said by the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER,
OTEL_SERVICE_NAME and so on), which the SDK reads itself. Figures are on /metrics and are not sent.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Final

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter

from gateway import __version__
from gateway.tracing import Span, SpanKind, Value, heard_by

_SERVICE: Final = "spd-gateway"
# What the SDK calls a service that nobody named.
_UNNAMED: Final = "unknown_service"
_KINDS: Final[Mapping[SpanKind, trace.SpanKind]] = {
    SpanKind.INSIDE: trace.SpanKind.INTERNAL,
    SpanKind.ANSWERING: trace.SpanKind.SERVER,
    SpanKind.ASKING: trace.SpanKind.CLIENT,
}


class _Heard:
    is_heard = True

    def __init__(self, under_way: trace.Span) -> None:
        self._span = under_way

    def rename(self, name: str) -> None:
        """Give it another name."""
        self._span.update_name(name)

    def tell(self, attributes: Mapping[str, Value]) -> None:
        """Set attributes; an error makes the span one that failed."""
        self._span.set_attributes(dict(attributes))
        if "error.type" in attributes:
            self._span.set_status(trace.StatusCode.ERROR)


class _OpenTelemetry:
    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("gateway", __version__)

    @contextlib.contextmanager
    def span(self, name: str, kind: SpanKind, carrier: Mapping[str, str] | None) -> Iterator[Span]:
        """Give a span, within the caller's trace if its headers name one."""
        with self._tracer.start_as_current_span(
            name,
            context=None if carrier is None else propagate.extract(carrier),
            kind=_KINDS[kind],
            # The words of an exception may hold what somebody typed.
            record_exception=False,
            set_status_on_exception=False,
        ) as under_way:
            yield _Heard(under_way)


@contextlib.contextmanager
def tracing(executor: str, exporter: SpanExporter | None = None) -> Iterator[None]:
    """Send spans meanwhile, and what is left of them at the end; a given exporter gets each at once."""
    named = Resource.create({SERVICE_VERSION: __version__, SERVICE_INSTANCE_ID: executor})
    if str(named.attributes.get(SERVICE_NAME, _UNNAMED)).startswith(_UNNAMED):
        named = named.merge(Resource({SERVICE_NAME: _SERVICE}))
    provider = TracerProvider(resource=named, shutdown_on_exit=False)
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter()) if exporter is None else SimpleSpanProcessor(exporter)
    )
    try:
        with heard_by(_OpenTelemetry(provider)):
            yield
    finally:
        provider.shutdown()
