"""Questions about what is planned: previews, free seeds, the map of seeds."""

import functools
from dataclasses import replace
from typing import Annotated

import strawberry
from sqlalchemy import select

from gateway.domain.definitions import Definition
from gateway.domain.facts import RequestFacts
from gateway.domain.seeds import SeedRange
from gateway.domain.states import Intent
from gateway.errors import ChangeRefusedError, InputError, MissingError
from gateway.resolvers.changes.bulk_edit import plan_bulk_edit
from gateway.resolvers.changes.clone_request import check_times, planned_clone, year_of_clone
from gateway.resolvers.changes.create_request import check_definition_storable, year_of
from gateway.resolvers.changes.definitions import read_requests
from gateway.resolvers.previewing import Viewpoint, preview_request, preview_requests
from gateway.schema.context import Info
from gateway.schema.mutations.bulk_edit import PreviewedEdit
from gateway.schema.mutations.clone_request import Changes, patch_of
from gateway.schema.mutations.inputs import CreateRequestInput, UpdateRequestInput
from gateway.schema.mutations.results import Conflict, Invalid, Refused, refusal_of
from gateway.schema.preview import ClonePreview, RequestPreview
from gateway.schema.registry import Registries, read_registries
from gateway.schema.scalars import BigInt
from gateway.schema.seed_map import FreeSeeds, PhysicsKeyText, SeedMap, free_seeds, seed_map
from gateway.store.people import IdentityLink
from gateway.store.request_names import next_names
from gateway.store.rows import Rows
from gateway.store.seed_ledger import next_free_seeds
from gateway.store.sources import SourceName

RequestPreviewResult = Annotated[
    RequestPreview | Invalid | Refused,
    strawberry.union(
        "RequestPreviewResult", description="What the request would become, or why nothing can be said."
    ),
]
ClonePreviewResult = Annotated[
    ClonePreview | Invalid | Refused,
    strawberry.union(
        "ClonePreviewResult", description="What cloning would make, or why nothing can be said."
    ),
]
StorageName = Annotated[
    str | None,
    strawberry.argument(
        description=(
            "Name of the storage (RSE) where the outputs will lie: its room, your quota there and its site's "
            "downtimes are looked at then."
        )
    ),
]
WithoutOwn = Annotated[
    bool,
    strawberry.argument(
        description=(
            "Whether forecasts leave the request's own tasks out, to be held against what came of those."
        )
    ),
]


@strawberry.type
class PlanningQueries:
    """The questions."""

    @strawberry.field(
        description=(
            "What the request with this `name` would become if it were submitted now: task parameters, "
            "outputs, forecast and findings; `storage` adds room, quota and downtimes. Nothing is written."
        )
    )
    async def preview_request(
        self, info: Info, name: str, storage: StorageName = None, without_own: WithoutOwn = False
    ) -> RequestPreviewResult:
        """Preview a stored request."""
        rows = reading_rows(info)
        found = await read_requests(rows, [name])
        if name not in found:
            return _refused(MissingError(f"There is no request {name[:64]!r}."))
        stored = found[name]
        return await _previewed(
            info, rows, stored.facts, stored.definition.priority, storage, without_own=without_own
        )

    @strawberry.field(
        description=(
            "What `createRequest` with the same `input` would make: name and seeds it would get now, task "
            "parameters, outputs, forecast, findings; `storage` adds room, quota and downtimes. Nothing is "
            "written, nothing is reserved."
        )
    )
    async def preview_new_request(
        self,
        info: Info,
        input: CreateRequestInput,  # noqa: A002 - GraphQL's word
        storage: StorageName = None,
    ) -> RequestPreviewResult:
        """Preview a request that is not there yet."""
        rows = reading_rows(info)
        try:
            definition = input.definition()
            await check_definition_storable(rows, definition)
            facts = await _facts_of_new(info, rows, definition)
        except (ChangeRefusedError, InputError) as error:
            return _refused(error)
        return await _previewed(info, rows, facts, definition.priority, storage)

    @strawberry.field(
        description=(
            "What `cloneRequest` would make of the request with this `name`: names, seeds, each field beside "
            "the source's, task parameters, forecast and findings; `storage` adds room, quota and downtimes. "
            "Nothing is written, nothing is reserved."
        )
    )
    async def preview_clone(
        self,
        info: Info,
        name: str,
        times: Annotated[int, strawberry.argument(description="How many clones, 1 to 50.")] = 1,
        changes: Changes = None,
        storage: StorageName = None,
    ) -> ClonePreviewResult:
        """Preview clones of a request."""
        rows = reading_rows(info)
        try:
            check_times(times)
            found = await read_requests(rows, [name])
            if name not in found:
                raise MissingError(f"There is no request {name[:64]!r}.")
            source = found[name]
            definition = planned_clone(source.definition, patch_of(changes))
            await check_definition_storable(rows, definition)
            year = year_of_clone(name, year_of(definition, info.context.reading.now))
            names = await next_names(rows, year, times)
            free = await next_free_seeds(rows, definition.physics_key, definition.jobs)
            view = await viewpoint(info, rows, storage)
            clones = []
            for number, clone in enumerate(names):
                first = free.first + number * definition.jobs
                seeds = definition.seeds or (SeedRange(first, first + definition.jobs - 1),)
                clones.append(
                    replace(definition, seeds=seeds).facts(
                        str(clone), Intent.DRAFT, requested_by=info.context.viewer.actor
                    )
                )
            previews = await preview_requests(rows, clones, view, priority=definition.priority)
        except (ChangeRefusedError, InputError) as error:
            return _refused(error)
        return ClonePreview.of(name, source.version, source.definition, definition, previews)

    @strawberry.field(
        description=(
            "What `bulkUpdateRequests` with this `input` would change in the requests with these `names`. "
            "Nothing is written."
        )
    )
    async def preview_bulk_edit(
        self,
        info: Info,
        names: list[str],
        input: UpdateRequestInput,  # noqa: A002 - GraphQL's word
    ) -> list[PreviewedEdit]:
        """Preview an edit of many requests."""
        planned = await plan_bulk_edit(reading_rows(info), names, input.patch())
        return [PreviewedEdit.of(edit) for edit in planned]

    @strawberry.field(description="What requests may name: stages, releases, geometries, step templates.")
    async def registries(self, info: Info) -> Registries:
        """Return the registries."""
        return await read_registries(info.context.reading.rows)

    @strawberry.field(
        description=(
            "Which seeds of one physics are taken, by whom, and where the next free ones begin; `physicsKey` "
            "is that of a preview or of a range of seeds."
        )
    )
    async def seed_map(self, info: Info, physics_key: PhysicsKeyText) -> SeedMap:
        """Return the map."""
        return await seed_map(info, physics_key)

    @strawberry.field(
        description="The next `count` free seeds of one physics, by `physicsKey`; they are not reserved."
    )
    async def next_free_seeds(
        self,
        info: Info,
        physics_key: PhysicsKeyText,
        count: Annotated[BigInt, strawberry.argument(description="How many, one for each job.")],
    ) -> FreeSeeds:
        """Return the range."""
        return await free_seeds(info, physics_key, count)


def reading_rows(info: Info) -> Rows:
    """What reads through the operation's one snapshot, copies of PanDA, Rucio and CRIC included."""
    return functools.partial(
        info.context.reading.rows, sources={SourceName.PANDA, SourceName.RUCIO, SourceName.CRIC}
    )


async def viewpoint(info: Info, rows: Rows, storage: str | None) -> Viewpoint:
    """For whom and when the operation previews something."""
    viewer = info.context.viewer
    linked = await rows(
        select(IdentityLink.system, IdentityLink.name).where(IdentityLink.subject == viewer.subject)
    )
    names = {row.system: row.name for row in linked}
    return Viewpoint(
        now=info.context.reading.now,
        cvmfs=info.context.cvmfs,
        storage=storage,
        rucio_account=names.get("rucio", viewer.actor),
    )


async def _previewed(
    info: Info,
    rows: Rows,
    facts: RequestFacts,
    priority: int | None,
    storage: str | None,
    *,
    without_own: bool = False,
) -> RequestPreviewResult:
    try:
        view = await viewpoint(info, rows, storage)
        preview = await preview_request(rows, facts, view, priority=priority, without_own=without_own)
    except (ChangeRefusedError, InputError) as error:
        return _refused(error)
    return RequestPreview.of(preview)


async def _facts_of_new(info: Info, rows: Rows, definition: Definition) -> RequestFacts:
    [name] = await next_names(rows, year_of(definition, info.context.reading.now), 1)
    if not definition.seeds:
        seeds = await next_free_seeds(rows, definition.physics_key, definition.jobs)
        definition = replace(definition, seeds=(seeds,))
    viewer = info.context.viewer
    return definition.facts(str(name), Intent.DRAFT, requested_by=viewer.actor)


def _refused(error: ChangeRefusedError | InputError) -> Refused | Invalid:
    refusal = refusal_of(error)
    if isinstance(refusal, Conflict):
        raise error
    return refusal
