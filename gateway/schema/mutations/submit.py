"""submitRequest, submitRequests, submitStep and cancelAttempt: what is to be sent to PanDA, and what not."""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Final, Protocol

import strawberry

from gateway.auth.viewer import Viewer
from gateway.domain.names import StepKind
from gateway.domain.submission import MIN_FRACTION
from gateway.errors import ChangeRefusedError, InputError, UpstreamError
from gateway.resolvers.changes.cancel_attempt import cancel_attempt
from gateway.resolvers.changes.change import Change, Made
from gateway.resolvers.changes.definitions import read_requests
from gateway.resolvers.changes.step_plans import plan_steps
from gateway.resolvers.changes.submit_steps import Wish, submit_steps
from gateway.resolvers.entities import ATTEMPT
from gateway.resolvers.loading import load_by_key
from gateway.resolvers.services import RUCIO
from gateway.schema.context import Context, Info
from gateway.schema.enums import ChainMode, Right
from gateway.schema.mutations.making import IdempotencyKey, make, shown_request
from gateway.schema.mutations.results import Conflict, Invalid, Refused, refusal_of
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt
from gateway.schema.types.requests import Request
from gateway.schema.types.steps import Attempt
from gateway.store.base import JsonValue
from gateway.store.rows import Rows, rows_of

# The DIDs that would be written, as they are now.
Outputs = Callable[[Rows], Awaitable[Sequence[str]]]


class Sending(Protocol):
    """A change that makes attempts, given the names that Rucio was asked for and those that it has."""

    def __call__(
        self, change: Change, /, *, looked_up: frozenset[str], taken: frozenset[str]
    ) -> Awaitable[Mapping[str, JsonValue]]:
        """Make them."""
        ...


# So many requests are submitted by one call.
MOST_AT_ONCE: Final = 20

RequestName = Annotated[str, strawberry.argument(description="The request, for example PROD2025-016.")]
ExpectedVersion = Annotated[
    BigInt, strawberry.argument(description="The version of the request that you have seen.")
]
StepKey = Annotated[str, strawberry.argument(description="The step, for example PROD2025-016.SIM.")]
AttemptKey = Annotated[str, strawberry.argument(description="The attempt, for example PROD2025-016.SIM.1.")]
Reason = Annotated[str | None, strawberry.argument(description="Why, for the trail and for others.")]
Mode = Annotated[
    ChainMode, strawberry.argument(description="When a step that reads another's output is sent.")
]
MinFraction = Annotated[
    float,
    strawberry.argument(
        description="The least part of its jobs, 0 to 1, that a partial step must have finished for the next."
    ),
]


@strawberry.type(
    description="The attempts are planned; a worker sends them within seconds, each once: see `state`."
)
class Submitted:
    """What was planned."""

    request: Request = strawberry.field(description="The request as it is now.")
    attempts: list[Attempt] = strawberry.field(description="The attempts that were made, in their order.")
    warnings: list[str] = strawberry.field(description="What to know; none of it stops the submission.")
    is_repeated: bool = strawberry.field(
        description="True when it was made before under the same idempotency key, and not again."
    )


SubmissionResult = Annotated[
    Submitted | Conflict | Invalid | Refused,
    strawberry.union("SubmissionResult", description="What will be sent, or why nothing will."),
]


@strawberry.input(description="A request to submit, as somebody has seen it.")
class SubmitRequestInput:
    """A request and its version."""

    name: str = strawberry.field(description="The request.")
    expected_version: BigInt = strawberry.field(description="Its version that you have seen.")


SeenRequests = Annotated[
    list[SubmitRequestInput],
    strawberry.argument(description="The requests, each with the version that you have seen."),
]


@strawberry.type
class SubmitMutations:
    """The mutations."""

    @mutation(
        needs=Right.SUBMIT,
        concerns="name",
        description=(
            "Submit every step of a request that was never submitted, in your own name, after all checks. "
            "Steps that read another's output wait for it. Whoever may approve approves by submitting."
        ),
    )
    async def submit_request(
        self,
        info: Info,
        name: RequestName,
        expected_version: ExpectedVersion,
        idempotency_key: IdempotencyKey,
        mode: Mode = ChainMode.GATED,
        min_fraction: MinFraction = MIN_FRACTION,
    ) -> SubmissionResult:
        """Plan the request's steps."""
        wish = Wish(name, expected_version, mode=mode, min_fraction=min_fraction)
        return await submit(info, wish, idempotency_key)

    @mutation(
        needs=Right.SUBMIT,
        description=(
            f"Submit up to {MOST_AT_ONCE} requests as submitRequest does, each by itself: the answers stand "
            "in "
            "the order of `requests`, and a refusal of one stops no other."
        ),
    )
    async def submit_requests(
        self,
        info: Info,
        requests: SeenRequests,
        idempotency_key: IdempotencyKey,
        mode: Mode = ChainMode.GATED,
        min_fraction: MinFraction = MIN_FRACTION,
    ) -> list[SubmissionResult]:
        """Plan the steps of several requests."""
        if len(requests) > MOST_AT_ONCE:
            raise InputError(f"{len(requests)} requests at once are too many: give at most {MOST_AT_ONCE}.")
        answers: list[SubmissionResult] = []
        for one in requests:
            wish = Wish(one.name, one.expected_version, mode=mode, min_fraction=min_fraction)
            answers.append(await submit(info, wish, f"{idempotency_key}/{one.name}"[:200]))
        return answers

    @mutation(
        needs=Right.SUBMIT,
        concerns="key",
        description=(
            "Submit one step, PROD2025-016.SIM, also again: a new attempt with names of its own, once the "
            "last one has ended or was refused."
        ),
    )
    async def submit_step(
        self,
        info: Info,
        key: StepKey,
        idempotency_key: IdempotencyKey,
        mode: Mode = ChainMode.GATED,
        min_fraction: MinFraction = MIN_FRACTION,
    ) -> SubmissionResult:
        """Plan an attempt at the step."""
        request, _, kind = key.rpartition(".")
        wish = Wish(request, kinds=(StepKind(kind),), mode=mode, min_fraction=min_fraction)
        return await submit(info, wish, idempotency_key)

    @mutation(
        needs=Right.SUBMIT,
        concerns="key",
        description="Take back an attempt that was not sent yet; one that was is stopped with steerTasks.",
    )
    async def cancel_attempt(
        self,
        info: Info,
        key: AttemptKey,
        idempotency_key: IdempotencyKey,
        reason: Reason = None,
    ) -> SubmissionResult:
        """Cancel the attempt."""
        made = await make(
            info,
            key=idempotency_key,
            arguments={"key": key, "reason": reason},
            work=functools.partial(cancel_attempt, key=key, reason=reason),
        )
        return await _shown(info, made)


async def submit(
    info: Info,
    wish: Wish,
    idempotency_key: str,
    *,
    asked: Mapping[str, JsonValue] | None = None,
    why_not: ChangeRefusedError | None = None,
) -> SubmissionResult:
    """Submit what somebody wishes.

    `asked` are the arguments that the key stands for, when they are not those of the wish. `why_not` is what
    speaks against it already; a change that was made before under its key is still answered.
    """
    arguments: Mapping[str, JsonValue] = asked or {
        "request": wish.request,
        "expectedVersion": wish.expected_version,
        "kinds": [str(kind) for kind in wish.kinds],
        "mode": wish.mode.value,
        "minFraction": wish.min_fraction,
        "seeds": None if wish.seeds is None else [[each.first, each.last] for each in wish.seeds],
    }

    async def outputs(rows: Rows) -> Sequence[str]:
        stored = (await read_requests(rows, [wish.request])).get(wish.request)
        if stored is None:
            return ()
        now = info.context.reading.now
        return (await plan_steps(rows, stored, wish.kinds, now=now, seeds=wish.seeds)).outputs

    return await send(
        info,
        idempotency_key,
        arguments=arguments,
        outputs=outputs,
        work=functools.partial(submit_steps, wish=wish),
        why_not=why_not,
        needs=wish.needs,
    )


async def send(
    info: Info,
    idempotency_key: str,
    *,
    arguments: Mapping[str, JsonValue],
    outputs: Outputs,
    work: Sending,
    why_not: ChangeRefusedError | None = None,
    needs: Right = Right.SUBMIT,
) -> SubmissionResult:
    """Look the names up in Rucio that would be written, then make the attempts in one transaction."""
    context = info.context
    looked_up, taken = frozenset[str](), frozenset[str]()
    try:
        if context.viewer.credential is None:
            return Refused(
                code="CREDENTIAL_MISSING",
                message="PanDA is asked in your own name: log in with a browser or with a token of yours.",
            )
        if why_not is None:
            looked_up, taken = await _look_up(context, context.viewer, outputs, needs)
    except (ChangeRefusedError, InputError) as error:
        return refusal_of(error)
    except UpstreamError as error:
        return Refused(
            code="UPSTREAM", message=f"Whether the output names are free cannot be told now: {error.message}."
        )
    made = await make(
        info,
        key=idempotency_key,
        arguments=arguments,
        work=functools.partial(work, looked_up=looked_up, taken=taken)
        if why_not is None
        else functools.partial(_refuse, why=why_not),
    )
    return await _shown(info, made)


async def _refuse(_change: Change, why: ChangeRefusedError) -> Mapping[str, JsonValue]:
    raise why


async def _look_up(
    context: Context, viewer: Viewer, outputs: Outputs, needs: Right
) -> tuple[frozenset[str], frozenset[str]]:
    """Which names would be written, and which of them Rucio has; nothing where nothing can be planned.

    What speaks against the plan is said by the change itself, which may also have been made before.
    """
    if context.services.rucio is None:
        return frozenset(), frozenset()
    async with context.database.snapshot() as session:
        try:
            names = await outputs(rows_of(session))
        except (ChangeRefusedError, InputError):
            return frozenset(), frozenset()
    if not names:
        return frozenset(), frozenset()
    token = await context.services.token(viewer, RUCIO, needs)
    return frozenset(names), await context.services.rucio.existing(token, names)


async def _shown(info: Info, made: Made | Refused | Conflict | Invalid) -> SubmissionResult:
    if not isinstance(made, Made):
        return made
    attempts = [
        row
        for key in made.texts("attempts")
        if (row := await load_by_key(info.context.reading, ATTEMPT, (key,))) is not None
    ]
    return Submitted(
        request=await shown_request(info, made.text("request")),
        attempts=[Attempt.of(row) for row in attempts],
        warnings=list(made.texts("warnings")),
        is_repeated=made.is_repeated,
    )
