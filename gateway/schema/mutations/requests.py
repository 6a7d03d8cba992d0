"""All changes of requests, and of what belongs to them, put together."""

import strawberry

from gateway.schema.mutations.adopt_datasets import AdoptDatasets
from gateway.schema.mutations.bulk_edit import BulkEdits
from gateway.schema.mutations.clone_request import CloneRequest
from gateway.schema.mutations.comment import CommentOnRequest
from gateway.schema.mutations.create_request import CreateRequest
from gateway.schema.mutations.decide import Decisions
from gateway.schema.mutations.findings import FindingMutations
from gateway.schema.mutations.register import Register
from gateway.schema.mutations.register_production import RegisterProduction
from gateway.schema.mutations.relate_requests import RelateRequests
from gateway.schema.mutations.update_request import UpdateRequest


@strawberry.type
class RequestMutations(
    CreateRequest,
    UpdateRequest,
    BulkEdits,
    CloneRequest,
    Decisions,
    RelateRequests,
    CommentOnRequest,
    Register,
    RegisterProduction,
    FindingMutations,
    AdoptDatasets,
):
    """What can be done with requests, registries and findings."""
