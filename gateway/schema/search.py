"""The search box in the schema."""

import enum
from typing import Annotated, Any

import strawberry

from gateway.resolvers.search import Hit
from gateway.schema.context import Info
from gateway.schema.types.datasets import Dataset
from gateway.schema.types.people import Person
from gateway.schema.types.registries import Campaign
from gateway.schema.types.requests import Request
from gateway.schema.types.sites import Queue, Site
from gateway.schema.types.storages import Storage
from gateway.schema.types.tasks import Task


@strawberry.enum(
    description=(
        "Kinds of things that can be searched for: REQUEST, TASK, DATASET, PERSON, SITE, QUEUE, STORAGE, "
        "CAMPAIGN."
    )
)
class SearchKind(enum.Enum):
    """Searchable kinds; values are entity names."""

    REQUEST = "Request"
    TASK = "Task"
    DATASET = "Dataset"
    PERSON = "Person"
    SITE = "Site"
    QUEUE = "Queue"
    STORAGE = "Storage"
    CAMPAIGN = "Campaign"


Found = Annotated[
    Request | Task | Dataset | Person | Site | Queue | Storage | Campaign,
    strawberry.union("Found", description="Something that can be searched for."),
]


@strawberry.type(description="Something that was found, and where the text stands in it.")
class SearchHit:
    """A hit."""

    matched_in: str = strawberry.field(description="The field in which the first word was found.")
    found: Found = strawberry.field(description="The thing itself.")

    @classmethod
    def of(cls, info: Info, hit: Hit) -> "SearchHit":
        """Show a hit."""
        found: Any = info.context.show(hit.row)
        return cls(matched_in=hit.matched, found=found)
