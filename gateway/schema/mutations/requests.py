"""All changes of requests, put together."""

import strawberry

from gateway.schema.mutations.clone_request import CloneRequest
from gateway.schema.mutations.comment import CommentOnRequest
from gateway.schema.mutations.create_request import CreateRequest
from gateway.schema.mutations.decide import Decisions
from gateway.schema.mutations.relate_requests import RelateRequests
from gateway.schema.mutations.update_request import UpdateRequest


@strawberry.type
class RequestMutations(
    CreateRequest, UpdateRequest, CloneRequest, Decisions, RelateRequests, CommentOnRequest
):
    """What can be done with requests."""
