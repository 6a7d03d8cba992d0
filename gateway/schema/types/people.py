"""People, groups and identities in the schema. E-mails, certificates and home ids are not even kept."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.resolvers import relations as r
from gateway.resolvers.entities import GROUP, PERSON
from gateway.schema.connection import Connection
from gateway.schema.enums import Right
from gateway.schema.filters import (
    GroupFilter,
    IdentityFilter,
    PersonFilter,
    QuotaFilter,
    RequestFilter,
    TaskFilter,
)
from gateway.schema.links import connection, links
from gateway.schema.node import Node, RowType
from gateway.schema.sorts import GroupSort, IdentitySort, PersonSort, QuotaSort, RequestSort, TaskSort
from gateway.schema.synced import Synced
from gateway.schema.types.storages import Quota
from gateway.store.people import Group as GroupRow
from gateway.store.people import IdentityLink as IdentityLinkRow
from gateway.store.people import Person as PersonRow

if TYPE_CHECKING:
    from gateway.schema.types.requests import Request
    from gateway.schema.types.tasks import Task

LazyRequest = Annotated["Request", strawberry.lazy("gateway.schema.types.requests")]
LazyTask = Annotated["Task", strawberry.lazy("gateway.schema.types.tasks")]


@strawberry.type(description="A member of the collaboration, or a service. Owned by IAM.")
class Person(Node, Synced, RowType):
    """A person."""

    row: strawberry.Private[PersonRow]
    entity = PERSON

    username: str = strawberry.field(description="IAM user name.")
    display_name: str | None = strawberry.field(description="Displayed name; null when IAM has none.")
    is_active: bool = strawberry.field(description="Whether the account may log in.")
    is_service: bool = strawberry.field(description="Whether it is a service, not a human.")
    membership_ends_at: dt.datetime | None = strawberry.field(
        description="When the membership ends, UTC; null when IAM states no end."
    )
    groups: list["Group"] = links(
        r.GROUPS_BY_PERSON,
        GroupFilter,
        GroupSort,
        "The groups they are in.",
    )
    identities: list["Identity"] = links(
        r.IDENTITIES_BY_PERSON,
        IdentityFilter,
        IdentitySort,
        "What they are called in PanDA and Rucio, and how we know.",
    )
    requests: Connection[LazyRequest] = connection(
        r.REQUESTS_BY_PERSON, RequestFilter, RequestSort, "The requests they asked for."
    )
    tasks: Connection[LazyTask] = connection(
        r.TASKS_BY_PERSON, TaskFilter, TaskSort, "The PanDA tasks they own."
    )
    quotas: list[Quota] | None = links(
        r.QUOTAS_BY_PERSON,
        QuotaFilter,
        QuotaSort,
        "What they may keep and keep, by storage. Of others null without the right READ_QUOTAS, with an "
        "error.",
        needs=Right.READ_QUOTAS,
        is_own=lambda person, viewer: person.subject == viewer.subject,
    )


@strawberry.type(description="A group of people. Owned by IAM.")
class Group(Node, Synced, RowType):
    """A group."""

    row: strawberry.Private[GroupRow]
    entity = GROUP

    name: str = strawberry.field(description="Full path, for example spd/production.")
    description: str | None = strawberry.field(description="What it is for; null when IAM does not say.")
    members: Connection[Person] = connection(
        r.MEMBERS_BY_GROUP, PersonFilter, PersonSort, "Who is in it, subgroups not counted."
    )


@strawberry.type(
    description="What one person is called in another service, and the rule that linked the two. Ours."
)
class Identity(RowType):
    """An identity link."""

    row: strawberry.Private[IdentityLinkRow]

    system: str = strawberry.field(description="The service: panda, rucio.")
    name: str = strawberry.field(description="The name there.")
    rule: str = strawberry.field(description="How the two were linked, for example same-username.")
    linked_at: dt.datetime = strawberry.field(description="When they were linked, UTC.")
