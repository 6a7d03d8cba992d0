"""Campaigns, stages, software releases and geometries in the schema."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.resolvers.entities import CAMPAIGN, STAGE
from gateway.resolvers.relations import REQUESTS_BY_CAMPAIGN
from gateway.schema.connection import Connection
from gateway.schema.filters import RequestFilter
from gateway.schema.links import connection
from gateway.schema.node import Node, RowType
from gateway.schema.sorts import RequestSort
from gateway.store.registries import Campaign as CampaignRow
from gateway.store.registries import Stage as StageRow

if TYPE_CHECKING:
    from gateway.schema.types.requests import Request

LazyRequest = Annotated["Request", strawberry.lazy("gateway.schema.types.requests")]


@strawberry.type(
    description="A named series of productions, for example 'SPD MC 2025'. Owned by the gateway."
)
class Campaign(Node, RowType):
    """A campaign."""

    row: strawberry.Private[CampaignRow]
    entity = CAMPAIGN

    name: str = strawberry.field(description="Its name, unique.")
    description: str | None = strawberry.field(description="What it is for, Markdown; null when nobody said.")
    requests: Connection[LazyRequest] = connection(
        REQUESTS_BY_CAMPAIGN, RequestFilter, RequestSort, "The requests of the campaign."
    )


@strawberry.type(
    description="A stage of the experiment: it fixes the Rucio scope, the geometry and sensible energies."
)
class Stage(RowType):
    """A stage."""

    row: strawberry.Private[StageRow]
    entity = STAGE

    name: str = strawberry.field(description="Its name: S1, S2.")
    description: str | None = strawberry.field(description="What it means; null when nobody said.")
    required_geometry: str | None = strawberry.field(
        description="The geometry component that a production of this stage must include; null for none."
    )

    @strawberry.field(
        description=(
            "The highest energy of the collision that makes sense (square root of s), GeV; null if not said."
        )
    )
    def energy_max_gev(self) -> float | None:
        """Return the limit in GeV."""
        mev = self.row.energy_max_mev
        return None if mev is None else mev / 1000
