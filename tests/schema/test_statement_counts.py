"""However many parents and rows: every list, link and value costs a fixed number of SQL statements.

The tables below are compared with the schema, so a new list cannot be added without a number.
"""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
)

from gateway.practice.generate import generate
from gateway.schema.build import SHOWN_AS, build_schema
from gateway.store.audit import AuditEntry, record
from gateway.store.database import Database
from gateway.store.remembered import remember
from gateway.store.requests import Comment, RequestRelation
from gateway.store.sites import Service
from gateway.store.sources import SourceName, SyncRun
from gateway.store.storages import StorageUsage
from gateway.store.sync_jobs import HeldRemoval, SyncJob
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker
from tests.support.databases import DatabaseMaker, counted_statements, opened

SCHEMA = build_schema()._schema

# How the rows of a type are reached from the root; "*" marks a connection, "?" what else it is asked with.
WAYS = {
    "Attempt": "requests* steps attempts",
    "AuditEntry": "auditTrail*",
    "Campaign": "campaigns*",
    "Dataset": "datasets*",
    "DeclaredDataset": "requests* steps declaredDatasets",
    "Downtime": "downtimes*",
    "Finding": "findings*",
    "Geometry": "requests* geometries",
    "Group": "groups*",
    "Identity": "people* identities",
    "JobCount": "tasks* jobCounts",
    "Person": "people*",
    "Queue": "queues*",
    "Quota": "quotas*",
    "Replica": "replicas*",
    "Request": "requests*",
    "RequestRelation": "requests* relations",
    "Rule": "rules*",
    "SeedRange": "requests* seedRanges",
    "Service": "services*",
    "Site": "sites*",
    "Source": "sources",
    "Stage": "requests* stage",
    "StatusChange": "requests* statusChanges",
    "Comment": "requests* comments",
    "Step": "requests* steps",
    "Storage": "storages*",
    "StorageEndpoint": "storages* endpoint",
    "StorageUsage": "storages* usages",
    "HeldRemoval": "sources jobs held",
    "SyncJob": "sources jobs",
    "SyncRun": "sources runs*",
    # Others have no attempts, and so no datasets to look for.
    "Task": "tasks?filter:{requestName:{isNull:false}}*",
}

# What each list costs when it is asked for with the rows it belongs to: statements for those, for the list,
# for the count of a connection, and one for the sources as soon as anything is remembered.
PLAIN_LISTS = {
    "Attempt.datasets": 5,
    "Dataset.replicas": 3,
    "Dataset.rules": 3,
    "Person.groups": 3,
    "Person.identities": 3,
    "Person.quotas": 3,
    "Request.comments": 2,
    "Request.geometries": 2,
    "Request.relatedFrom": 2,
    "Request.relations": 2,
    "Request.seedRanges": 2,
    "Request.statusChanges": 2,
    "Request.steps": 2,
    "Site.downtimes": 3,
    "Site.queues": 3,
    "Site.services": 3,
    "Site.storages": 3,
    "Source.jobs": 2,
    "Step.attempts": 3,
    "SyncJob.held": 3,
    "Step.declaredDatasets": 3,
    "Storage.quotas": 3,
    "Storage.usages": 3,
    "Task.datasets": 3,
    "Task.jobCounts": 3,
}
CONNECTIONS = {
    "Campaign.requests": 3,
    "Group.members": 4,
    "Person.requests": 4,
    "Person.tasks": 4,
    "Queue.jobCounts": 4,
    "Request.datasets": 4,
    "Request.findings": 3,
    "Request.tasks": 4,
    "Source.runs": 3,
    "Storage.replicas": 4,
    "Task.children": 4,
    "Query.attempts": 2,
    "Query.auditTrail": 2,
    "Query.campaigns": 2,
    "Query.datasets": 3,
    "Query.downtimes": 3,
    "Query.findings": 2,
    "Query.groups": 3,
    "Query.people": 3,
    "Query.queues": 3,
    "Query.quotas": 3,
    "Query.replicas": 3,
    "Query.requests": 2,
    "Query.rules": 3,
    "Query.services": 3,
    "Query.sites": 3,
    "Query.steps": 2,
    "Query.storages": 3,
    "Query.tasks": 3,
}
# Lists that are asked for in a way of their own, with what they cost; the two documents ask for little and
# for much.
OTHERS = {
    "Query.nodes": (
        1,
        '{ nodes(ids: ["UmVxdWVzdDpQUk9EMjAyNS0wMDE"]) { id } }',
        '{ nodes(ids: ["UmVxdWVzdDpQUk9EMjAyNS0wMDE", "UmVxdWVzdDpQUk9EMjAyNS0wMDI"]) { id } }',
    ),
    "Query.search": (
        9,
        '{ search(text: "no such text", first: 1) { matchedIn } }',
        '{ search(text: "PROD", first: 100) { matchedIn } }',
    ),
    "Query.sources": (1, "{ sources { name } }", "{ sources { name ageSeconds isStale staleReason error } }"),
    "Statistics.production": (
        2,
        "{ statistics { production { tasks } } }",
        "{ statistics { production(groupBy: [REQUEST, STEP, STATUS, USER, MONTH, SITE]) { tasks } } }",
    ),
    "Statistics.storage": (
        2,
        "{ statistics { storage { replicas } } }",
        "{ statistics { storage(groupBy: [SITE, STORAGE, REQUEST, STEP, DATA_TYPE]) { replicas } } }",
    ),
    "Query.serviceHealth": (
        3,
        "{ serviceHealth(hours: 1) { __typename } }",
        "{ serviceHealth(hours: 720) { __typename periods { __typename } } }",
    ),
    "Query.webhooks": (2, "{ webhooks { __typename } }", "{ webhooks { __typename url kinds } }"),
    "CentralProductionTable.rows": (
        3,
        "{ statistics { centralProductions(first: 1) { rows { name } total { tasks } } } }",
        "{ statistics { centralProductions(first: 1000) { rows { name } total { tasks } } } }",
    ),
}
# Lists that are read from the row itself, or are another way to what a connection has read already.
FREE = {
    "Finding.evidence",
    "HeldRemoval.examples",
    "Line.keys",
    "Line.words",
    "NotificationSettings.kinds",
    "RemovalsReleased.sections",
    "ProductionStatistics.keys",
    "StorageStatistics.keys",
    "ServiceCheck.periods",
    "SyncEnqueued.jobs",
    "Viewer.rights",
    "Webhook.kinds",
}
# Lists in what a change, a preview or a question about one thing answers: no page multiplies them.
ANSWERS = {
    "AccessToken.rights",
    "CheckResult.evidence",
    "ClonePreview.clones",
    "ClonePreview.fields",
    "ClonePreview.neverInherited",
    "Conflict.differences",
    "FindingsNoted.findings",
    "Invalid.findings",
    "Invalid.problems",
    "MissingSeeds.attempts",
    "MissingSeeds.seeds",
    "Mutation.submitRequests",
    "PreviewedEdit.changes",
    "PreviewedStep.outputs",
    "Query.previewBulkEdit",
    "Registries.geometryNames",
    "Registries.releases",
    "Registries.stageNames",
    "Registries.stepTemplates",
    "RequestPreview.findings",
    "RequestPreview.steps",
    "RequestPreview.unsureTaskIds",
    "RequestsCloned.requests",
    "RequestsEdited.requests",
    "SeedMap.ranges",
    "Steering.tasks",
    "StepForecast.taskIds",
    "Submitted.attempts",
    "Submitted.warnings",
    "TaskClonePreview.outputs",
    "TaskClonePreview.parameters",
    "Viewer.accessTokens",
    "Viewer.groups",
    "Viewer.quotas",
    "Viewer.roles",
}


@pytest.fixture(scope="module")
async def many(database_maker: DatabaseMaker, migrated_template: str) -> AsyncIterator[Asker]:
    """A made-up world with several rows of every kind that hang on several others."""
    async with opened(database_maker.copy_of(migrated_template)) as database:
        await generate(database, 1, seed=7, at=LOADED_AT)
        await fill_what_generated_worlds_lack(database)
        yield Asker(database, LOADED_AT)


async def fill_what_generated_worlds_lack(database: Database) -> None:
    asker = Asker(database, LOADED_AT)
    data = await asker(
        "{ requests { nodes { name } } tasks { nodes { jediTaskId } } "
        "sites { nodes { name } } storages { nodes { name } } }"
    )
    names = [node["name"] for node in data["requests"]["nodes"]]
    ids = [node["jediTaskId"] for node in data["tasks"]["nodes"]]
    async with database.transaction() as session:
        for action in ("syncNow", "createRequest"):
            await record(session, AuditEntry(actor="prodman", action=action))
        for name, other in itertools.pairwise(names):
            session.add_all(
                Comment(request_name=name, author="prodman", body=body, created_at=LOADED_AT)
                for body in ("first", "second")
            )
            session.add_all(
                RequestRelation(request_name=name, kind=kind, other_name=other, created_at=LOADED_AT)
                for kind in ("EXTENDS", "REPEATS")
            )
        for source, number in itertools.product(SourceName, range(2)):
            session.add(SyncJob(name=f"{source}.{number}", source=source, stale_after_s=60))
            session.add(HeldRemoval(job=f"{source}.{number}", section="tasks", held_at=LOADED_AT))
            session.add(SyncRun(source=source, job="again", is_full=True, started_at=LOADED_AT, verdict="OK"))
        children = [
            Task(jedi_task_id=number, name="T", status="done", parent_task_id=parent)
            for number, parent in enumerate(ids[:5] * 2, start=1)
        ]
        await remember(session, children, source=SourceName.PANDA, at=LOADED_AT)
        services = [
            Service(name=f"{node['name']} CE {number}", site_name=node["name"])
            for node in data["sites"]["nodes"]
            for number in range(2)
        ]
        await remember(session, services, source=SourceName.CRIC, at=LOADED_AT)
        usages = [
            StorageUsage(rse_name=node["name"], usage_kind="rucio", used_bytes=1)
            for node in data["storages"]["nodes"]
        ]
        await remember(session, usages, source=SourceName.RUCIO, at=LOADED_AT)


def document(way: str, selection: str, rows: int) -> str:
    """Ask for a selection of what is at the end of a way, with at most so many rows at its beginning."""
    for step in reversed(way.split()):
        name, _, arguments = step.removesuffix("*").partition("?")
        selection = (
            f"{name}(first: {rows} {arguments}) {{ nodes {{ {selection} }} }}"
            if step.endswith("*")
            else f"{name} {{ {selection} }}"
        )
    return f"{{ {selection} }}"


async def statements(asker: Asker, text: str) -> tuple[int, int]:
    """Return how many statements an answer took, and how many objects are in it."""
    with counted_statements(asker.database) as sent:
        data = await asker(text)
    return len(sent), str(data).count("__typename")


def list_fields() -> Iterator[tuple[str, bool]]:
    """Every field that gives several things, and whether it is a connection."""
    for type_ in SCHEMA.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            if type_.name.endswith("Connection"):
                continue
            for name, field in type_.fields.items():
                is_connection = get_named_type(field.type).name.endswith("Connection")
                if is_connection or is_list(field.type):
                    yield f"{type_.name}.{name}", is_connection


def is_list(type_: GraphQLOutputType) -> bool:
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)


def sort_names(field: str) -> list[str]:
    """Return what a list can be sorted by; empty when it takes no filter or no sort."""
    type_name, name = field.split(".")
    arguments = object_type(type_name).fields[name].args
    if not {"filter", "sort"} <= arguments.keys():
        return []
    sort = get_named_type(arguments["sort"].type)
    assert isinstance(sort, GraphQLInputObjectType)
    by = get_named_type(sort.fields["by"].type)
    assert isinstance(by, GraphQLEnumType)
    return list(by.values)


def links_of(type_name: str) -> Iterator[str]:
    """Every field of a type that leads to one other thing."""
    for name, field in object_type(type_name).fields.items():
        named = get_named_type(field.type)
        is_one = not is_list(field.type) and not named.name.endswith("Connection")
        if named.name in WAYS and is_one:
            yield name


def values_of(type_name: str) -> str:
    """Every field of a type that holds no other thing."""
    fields = object_type(type_name).fields.items()
    names = [name for name, field in fields if not hasattr(get_named_type(field.type), "fields")]
    return " ".join(["__typename", *names])


def object_type(name: str) -> GraphQLObjectType:
    type_ = SCHEMA.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    return type_


def test_every_list_of_the_schema_has_a_number() -> None:
    fields = dict(list_fields())

    assert {name for name, is_connection in fields.items() if is_connection} == set(CONNECTIONS)
    assert {name for name, is_connection in fields.items() if not is_connection} == (
        set(PLAIN_LISTS) | set(OTHERS) | FREE | ANSWERS
    )


def test_every_list_of_rows_is_narrowed_and_sorted_alike() -> None:
    assert [field for field in (*PLAIN_LISTS, *CONNECTIONS) if not sort_names(field)] == []


def test_a_list_without_a_filter_is_found() -> None:
    """The control: a list of values, which takes neither."""
    assert sort_names("Finding.evidence") == []


def test_every_kind_of_row_is_reached() -> None:
    assert {shown.__name__ for shown in SHOWN_AS.values()} == set(WAYS)


@pytest.mark.parametrize(("field", "count"), PLAIN_LISTS.items())
async def test_a_plain_list_costs_the_same_for_one_and_for_many(many: Asker, field: str, count: int) -> None:
    type_name, name = field.split(".")
    selection = f"{name} {{ __typename }}"

    one, objects_of_one = await statements(many, document(WAYS[type_name], selection, 1))
    several, objects_of_many = await statements(many, document(WAYS[type_name], selection, 20))

    assert (one, several) == (count, count)
    assert objects_of_many >= 2
    assert objects_of_many > objects_of_one or type_name in {"Source", "SyncJob"}


@pytest.mark.parametrize(("field", "count"), PLAIN_LISTS.items())
async def test_a_narrowed_and_sorted_list_costs_what_the_whole_costs(
    many: Asker, field: str, count: int
) -> None:
    type_name, name = field.split(".")
    [first_sort_name, *_] = sort_names(field)
    selection = f"{name}(filter: {{ or: [{{}}] }}, sort: {{ by: {first_sort_name} }}) {{ __typename }}"

    one, _ = await statements(many, document(WAYS[type_name], selection, 1))
    several, objects_of_many = await statements(many, document(WAYS[type_name], selection, 20))

    assert (one, several) == (count, count)
    assert objects_of_many >= 2


@pytest.mark.parametrize(("field", "count"), CONNECTIONS.items())
async def test_a_connection_costs_the_same_for_one_and_for_many(many: Asker, field: str, count: int) -> None:
    type_name, name = field.split(".")
    way = "" if type_name == "Query" else WAYS[type_name]

    def asked(parents: int, rows: int) -> str:
        return document(way, f"{name}(first: {rows}) {{ totalCount nodes {{ __typename }} }}", parents)

    one, objects_of_one = await statements(many, asked(1, 1))
    several, objects_of_many = await statements(many, asked(20, 20))

    assert (one, several) == (count, count)
    assert objects_of_many >= 2 or name in {"campaigns", "findings"}
    assert objects_of_many > objects_of_one or name in {"campaigns", "findings"}


@pytest.mark.parametrize("field", OTHERS)
async def test_any_other_list_costs_the_same_for_little_and_for_much(many: Asker, field: str) -> None:
    count, little, much = OTHERS[field]

    assert (await statements(many, little))[0] == count
    assert (await statements(many, much))[0] == count


@pytest.mark.parametrize(
    ("type_name", "field"), [(type_name, field) for type_name in WAYS for field in links_of(type_name)]
)
async def test_a_link_costs_the_same_for_one_and_for_many(many: Asker, type_name: str, field: str) -> None:
    way = WAYS[type_name]

    alone, _ = await statements(many, document(way, "__typename", 20))
    several, _ = await statements(many, document(way, f"{field} {{ __typename }}", 20))

    assert several - alone in {0, 1, 2}


@pytest.mark.parametrize("type_name", WAYS)
async def test_all_values_of_a_kind_of_row_cost_the_same_for_one_and_for_many(
    many: Asker, type_name: str
) -> None:
    one, _ = await statements(many, document(WAYS[type_name], values_of(type_name), 1))
    several, _ = await statements(many, document(WAYS[type_name], values_of(type_name), 20))

    assert one == several


async def test_a_statement_for_each_row_would_be_seen(many: Asker) -> None:
    """The control: the same requests, asked for one by one."""
    fields = " ".join(f'r{number}: request(name: "x{number}") {{ __typename }}' for number in range(3))
    loaded, _ = await statements(many, f"{{ {fields} }}")
    apart = [
        await statements(many, f'{{ request(name: "x{number}") {{ __typename }} }}') for number in range(3)
    ]

    assert (loaded, sum(count for count, _ in apart)) == (1, 3)
