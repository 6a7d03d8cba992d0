"""Traces say what took how long, and never what somebody typed or by which token they are known."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.practice.iam_objects import practice_iam
from gateway.practice.iam_tokens import TokenOffice
from gateway.practice.iam_twin import create_iam_twin
from gateway.settings import wants_tracing
from gateway.store.database import Database
from gateway.sync.engine import Engine
from gateway.sync.jobs import jobs_of
from gateway.telemetry import tracing
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from tests.support.databases import DatabaseMaker
from tests.support.manners import QUICK
from tests.support.serving import served
from tests.test_cli import ask as asked_over_http
from tests.test_cli import environment as environment
from tests.test_cli import running

on_sqlite = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

PLANTED = "planted-e5a1"
QUERY = """
query Look($name: String!) {
  request(name: $name) { __typename }
  requests(first: 2, filter: { name: { contains: "planted-e5a1" } }) { nodes { name } }
}
"""


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """What was told, while this process is listened to."""
    exporter = InMemorySpanExporter()
    with tracing("web-1", exporter):
        yield exporter


def spans_of(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def told(spans: Sequence[ReadableSpan]) -> str:
    """Everything that a collector gets of these spans."""
    return " ".join(span.to_json() for span in spans)


@on_sqlite
async def test_an_operation_is_told_by_name_hash_and_cost(
    exporter: InMemorySpanExporter, client: httpx2.AsyncClient
) -> None:
    answer = await client.post("/graphql", json={"query": QUERY, "variables": {"name": "PROD2025-013"}})

    spans = spans_of(exporter)
    operation, request = spans["query Look"], spans["POST /graphql"]
    assert answer.status_code == 200
    assert operation.parent is not None
    assert operation.parent.span_id == request.context.span_id
    attributes = dict(operation.attributes or {})
    assert len(str(attributes.pop("graphql.document.hash"))) == 64
    assert attributes.pop("gateway.statements") in range(1, 10)
    assert attributes == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Look",
        "gateway.cost": answer.json()["extensions"]["cost"]["requested"],
    }
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
    }
    assert request.resource.attributes["service.name"] == "spd-gateway"
    assert request.resource.attributes["service.instance.id"] == "web-1"


@on_sqlite
async def test_nothing_that_was_typed_and_no_token_is_told(
    exporter: InMemorySpanExporter, client: httpx2.AsyncClient
) -> None:
    headers = {
        "authorization": f"Bearer {PLANTED}",
        "cookie": f"gateway={PLANTED}",
        "x-request-id": PLANTED,
        "user-agent": PLANTED,
    }
    document = {"query": QUERY, "variables": {"name": PLANTED}}
    for send in ({}, headers):
        await client.post("/graphql", json=document, headers=send)
        await client.get("/graphql", params={"query": QUERY, "variables": f'{{"name": "{PLANTED}"}}'})
        await client.get(f"/badge/{PLANTED}.svg", headers=send)
        await client.get(f"/{PLANTED}", headers=send)
        await client.request(PLANTED.upper(), "/graphql", headers=send)
    await client.post("/graphql", json={"query": f'{{ request(name: "{PLANTED}") {{ nonsense }} }}'})

    found = told(exporter.get_finished_spans())

    assert {"query Look", "GET /badge", "GET /...", "_OTHER /graphql"} <= set(spans_of(exporter))
    assert PLANTED not in found.lower()


@on_sqlite
async def test_a_planted_text_would_be_found(
    exporter: InMemorySpanExporter, client: httpx2.AsyncClient
) -> None:
    # The name of an operation is told: it is the one text of a caller that is.
    await client.post("/graphql", json={"query": "query planted { viewer { name } }"})

    assert "planted" in told(exporter.get_finished_spans())


@on_sqlite
async def test_a_span_goes_on_with_its_callers_trace(
    exporter: InMemorySpanExporter, client: httpx2.AsyncClient
) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"

    await client.get("/health", headers={"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"})
    await client.get("/ready", headers={"traceparent": PLANTED})

    spans = spans_of(exporter)
    assert f"{spans['GET /health'].context.trace_id:032x}" == trace_id
    assert spans["GET /ready"].parent is None


@on_sqlite
async def test_a_reading_is_told_with_the_questions_that_it_asked(
    exporter: InMemorySpanExporter, own_world: Database
) -> None:
    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    office = TokenOffice(practice_iam(now()), now)
    with served(create_iam_twin(office.state, clock=now, office=office), date_header=False) as url:
        upstream = IamUpstream(f"{url}/", Credentials("gateway-sync", "practice-secret"), manners=QUICK)
        engine = Engine(own_world, jobs_of([upstream]), clock=now, owner="one")
        await engine.register()
        report = await engine.run("iam.people", whole=True)
        await upstream.close()
    # Nobody is there any more.
    upstream = IamUpstream(f"{url}/", Credentials("gateway-sync", "practice-secret"), manners=QUICK)
    await Engine(own_world, jobs_of([upstream]), clock=now, owner="one").run("iam.people", whole=True)
    await upstream.close()

    spans = exporter.get_finished_spans()
    readings = [span for span in spans if span.name == "sync iam.people"]
    questions = [span for span in spans if span.name.startswith("iam ")]
    attributes = [dict(reading.attributes or {}) for reading in readings]
    assert [one["gateway.verdict"] for one in attributes] == ["OK", "UNREACHABLE"]
    assert attributes[0]["gateway.seen"] == report.outcome.seen
    assert int(str(attributes[0]["gateway.statements"])) > 5
    assert {span.context.trace_id for span in questions} == {span.context.trace_id for span in readings}
    assert dict(questions[0].attributes or {}) == {
        "gateway.source": "iam",
        "http.request.method": questions[0].name.split()[1],
        "http.response.status_code": 200,
    }
    assert questions[-1].status.status_code is StatusCode.ERROR
    assert dict(questions[-1].attributes or {})["error.type"] == "UnreachableError"
    assert "practice-secret" not in told(spans)
    assert "127.0.0.1" not in told(questions)


@pytest.mark.parametrize(
    ("environment_of_one", "is_wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "gateway"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_traces_are_sent_where_the_standard_variables_say_so(
    environment_of_one: dict[str, str], is_wanted: bool
) -> None:
    assert wants_tracing(environment_of_one) is is_wanted


@pytest.fixture
def migrated(
    environment: dict[str, str], database_maker: DatabaseMaker, migrated_template: str
) -> dict[str, str]:
    """The environment of a program with a database of its own."""
    return environment | {"GATEWAY_DATABASE_URL": database_maker.copy_of(migrated_template)}


@on_sqlite
def test_a_collector_gets_the_traces_of_the_program(migrated: dict[str, str]) -> None:
    got: list[bytes] = []

    async def collect(request: Request) -> Response:
        got.append(await request.body())
        return Response(b"", media_type="application/x-protobuf")

    with served(Starlette(routes=[Route("/v1/traces", collect, methods=["POST"])])) as collector:
        wished = migrated | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "GATEWAY_OPEN_ACCESS": "true",
        }
        with running("serve", "--port", "0", environment=wished) as (address, _process):
            asked_over_http(address, f'query Traced {{ request(name: "{PLANTED}") {{ __typename }} }}')

    sent = b"".join(got)
    assert b"query Traced" in sent
    assert b"spd-gateway" in sent
    assert PLANTED.encode() not in sent


@on_sqlite
def test_without_the_extra_it_is_said_what_to_install(migrated: dict[str, str]) -> None:
    code = "import sys; sys.modules['opentelemetry'] = None; from gateway.cli import main; main()"

    refused = subprocess.run(
        [sys.executable, "-c", code, "serve", "--port", "0"],
        env=migrated | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].endswith("install spd-gateway[otel], or unset it")
    assert os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") is None
