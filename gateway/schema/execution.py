"""Executes GraphQL requests on a Strawberry schema: limits first, then validation, then graphql-core itself.

`strawberry.Schema.execute` is passed over on purpose: it keeps no plans, and logs errors with the query.
"""

import datetime as dt
import hashlib
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable
from typing import Any, Generic, Protocol, TypeVar, cast

import structlog
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
    execute,
    get_variable_values,
)
from graphql import Executor as GraphQLExecutor
from graphql.execution.values import VariableValues
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from gateway.errors import GatewayError, OperationError, RefusedError, SetupError
from gateway.schema.answers import (
    Answer,
    Cost,
    PartOf,
    Problem,
    document_problem,
    executed,
    executed_with_cost,
    field_problem,
    gateway_problem,
    internal_problem,
    is_bad_input,
    refusal,
    variable_problem,
)
from gateway.schema.cost import shape_of
from gateway.schema.failures import log_failure
from gateway.schema.limits import Limits, refuse_measure
from gateway.schema.measures import Measure, measure, page_numbers
from gateway.schema.outline import OperationOutline
from gateway.schema.past import moment_in
from gateway.schema.plans import Plan, PlanCache, Validator, read_plan
from gateway.schema.values import check_text, check_variables
from gateway.tracing import Span, counting_statements, span

log = structlog.get_logger()

# How often it is looked at whether somebody who follows events still may.
RECHECK_EVERY_S = 30.0

# Wrong values reported for one set of variables; each may print the value again.
MAX_VARIABLE_PROBLEMS = 10

# Failures of one operation written to the log; a list of a thousand may fail a thousand times for one reason.
MAX_LOGGED_FAILURES = 5


class ViewerLike(Protocol):
    """What execution asks about who asks."""

    @property
    def may_introspect(self) -> bool:
        """Whether the schema's own description may be asked for, and named in messages."""
        ...


class OperationContext(Protocol):
    """What lives as long as one operation and is `info.context` in its resolvers.

    `cost` is set to the number of objects that the operation was estimated to return.
    """

    cost: int

    def response_extensions(self) -> Mapping[str, object]:
        """Return what the answer says in `extensions`, once all fields are resolved."""
        ...

    def go_back(self, moment: dt.datetime) -> None:
        """Have everything read as it was at a past moment; raises InputError for one that is to come."""
        ...


V = TypeVar("V", bound=ViewerLike)
V_contra = TypeVar("V_contra", bound=ViewerLike, contravariant=True)

OpenContext = Callable[[V], AbstractAsyncContextManager[OperationContext]]

# Opens the context of the resolver that says what a subscription follows; the number is the last event its
# reader knows already.
OpenFollowing = Callable[[V, int | None], AbstractAsyncContextManager[object]]


class Update(Protocol):
    """What the resolver of a subscription gives: an event, from which each answer's root is read anew."""

    @property
    def number(self) -> int:
        """The event's number, by which a reader goes on after it."""
        ...

    async def read(self, context: OperationContext) -> object | None:
        """Return what the root field shows now, None when there is nothing to show."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """One answer of a subscription; `number` is None for a last one that only says why it ends."""

    number: int | None
    answer: Answer


class Subscription:
    """The answers of one subscription, one for each event; `close` must be called however it ended."""

    def __init__(self, answers: AsyncGenerator[Told, None], stack: AsyncExitStack) -> None:
        self._answers = answers
        self._stack = stack

    def __aiter__(self) -> AsyncIterator[Told]:
        """Give the answers; the iteration never raises for a failure, the last answer says it."""
        return self._answers

    async def close(self) -> None:
        """Give back what the subscription holds; nobody may be waiting for an answer."""
        await self._answers.aclose()
        await self._stack.aclose()


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A GraphQL request as any transport brings it.

    `max_age_s` is how old an answer the caller takes, seconds; 0 for nothing older than the question.
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, object] = field(default_factory=dict)
    extensions: Mapping[str, object] = field(default_factory=dict)
    max_age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that may be executed: its plan is valid, its operation within the limits."""

    plan: Plan
    operation: OperationDefinitionNode
    request: OperationRequest
    variables: VariableValues
    cost: Cost


class DataRead(Protocol):
    """The JSON of an answer's data, and its parts that are watched row by row."""

    @property
    def json(self) -> bytes:
        """The data, as ordinary execution would have it written."""
        ...

    @property
    def parts(self) -> Sequence[PartOf]:
        """The parts in it."""
        ...


Begin = Callable[[OperationContext], Awaitable[None]]
Read = Callable[[Begin], Awaitable[tuple[Answer, OperationContext]]]


def _tell(under_way: Span, prepared: Prepared) -> None:
    """Tell which operation of which document it is, never its values or its literals."""
    if not under_way.is_heard:
        return
    node = prepared.operation
    name = node.name.value[:100] if node.name is not None else ""
    under_way.rename(f"{node.operation.value} {name}".strip())
    under_way.tell(
        {
            "graphql.operation.type": node.operation.value,
            "graphql.operation.name": name,
            "graphql.document.hash": hashlib.sha256(prepared.request.query.encode()).hexdigest(),
            "gateway.cost": prepared.cost.requested,
        }
    )


class Reads(Protocol):
    """Answers some queries without ordinary execution, and exactly as it would."""

    async def data(
        self, plan: Plan, operation: OperationDefinitionNode, variables: VariableValues, context: object
    ) -> DataRead | None:
        """Return the data of the answer; None when ordinary execution has to answer, in the same context."""
        ...


class Kept(Protocol[V_contra]):
    """Gives answers to queries again while they are true, and else lets them be read."""

    async def answer(self, request: OperationRequest, viewer: V_contra, read: Read) -> Answer:
        """Return the answer to a query that passed all checks.

        What `read` is given is called with the context before anything is read.
        """
        ...


class Executor(Generic[V]):
    """Answers GraphQL requests; one per schema, shared by all requests.

    `list_bounds` gives the usual length of plain lists by "Type.field" for the cost estimate. `open_context`
    is entered for each operation that passed all checks. `correlation_id` names the present request. `spend`
    takes the estimated number of objects off the viewer's allowance, and raises when there is not enough;
    `spend_changes` does so with the number of changes that a mutation asks for.
    `recheck` raises when somebody who follows events may not any more; it is asked now and then. With
    `says_cost` each answer has its cost in `extensions`.
    """

    def __init__(
        self,
        schema: Schema,
        open_context: OpenContext[V],
        *,
        limits: Limits | None = None,
        list_bounds: Mapping[str, int] | None = None,
        correlation_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        plans: PlanCache | None = None,
        open_following: OpenFollowing[V] | None = None,
        spend: Callable[[V, int], None] = lambda _viewer, _cost: None,
        spend_changes: Callable[[V, int], None] = lambda _viewer, _changes: None,
        recheck: Callable[[V], Awaitable[None]] | None = None,
        recheck_every_s: float = RECHECK_EVERY_S,
        reads: Reads | None = None,
        kept: Kept[V] | None = None,
        says_cost: bool = False,
    ) -> None:
        if schema.extensions or schema.directives:
            raise SetupError(
                "schema extensions and operation directives of Strawberry would not be executed here"
            )
        self._strawberry_schema = schema
        # Private, and held by a test: the public API has no way to the schema that graphql-core executes.
        self._schema = schema._schema
        self._open_context = open_context
        self._open_following = open_following
        self._spend = spend
        self._spend_changes = spend_changes
        self._recheck = recheck
        self._recheck_every_s = recheck_every_s
        self._reads = reads
        self._kept = kept
        self._says_cost = says_cost
        self._correlation_id = correlation_id
        self.limits = limits or Limits()
        self._shape = shape_of(self._schema, list_bounds)
        self._validator = Validator(self._schema, self.limits)
        self.plans = plans or PlanCache()

    @property
    def schema(self) -> GraphQLSchema:
        """The schema that is executed."""
        return self._schema

    async def execute(self, request: OperationRequest, viewer: V, *, only_queries: bool = False) -> Answer:
        """Answer one request; never raises, every failure is an answer with a code.

        `only_queries` refuses mutations, for transports that another site could make a browser use.
        """
        try:
            with span("graphql") as under_way, counting_statements(under_way):
                prepared = self.prepare(request, viewer, only_queries=only_queries)
                if isinstance(prepared, Answer):
                    return prepared
                _tell(under_way, prepared)
                return await self._run(prepared, viewer)
        except GatewayError as error:
            return refusal([gateway_problem(error)])
        except Exception as error:  # noqa: BLE001 - the border: whatever it is, the caller gets an id, not a traceback
            return refusal([internal_problem(self._report(error, ()))])

    async def answer_or_subscribe(
        self, request: OperationRequest, viewer: V, *, only_queries: bool = False, after: int | None = None
    ) -> Answer | Subscription:
        """Answer one request as `execute` does, or begin the subscription that it asks for; never raises.

        `after` is the number of the last event that the reader of a subscription knows already.
        """
        try:
            with span("graphql") as under_way, counting_statements(under_way):
                prepared = self.prepare(request, viewer, only_queries=only_queries, may_subscribe=True)
                if isinstance(prepared, Answer):
                    return prepared
                _tell(under_way, prepared)
                if prepared.operation.operation is OperationType.SUBSCRIPTION:
                    return await self._subscribe(prepared, viewer, after)
                return await self._run(prepared, viewer)
        except GatewayError as error:
            return refusal([gateway_problem(error)])
        except Exception as error:  # noqa: BLE001 - the border, as in `execute`
            return refusal([internal_problem(self._report(error, ()))])

    def prepare(
        self,
        request: OperationRequest,
        viewer: V,
        *,
        only_queries: bool = False,
        may_subscribe: bool = False,
    ) -> Prepared | Answer:
        """Check a request without executing anything: an Answer says what is wrong with it.

        Raises LimitError, BadValueError, OperationError or RefusedError before validation.
        """
        plan = self.plans.get(request.query)
        if plan is None:
            try:
                plan = read_plan(request.query, self._shape, self.limits)
            except GraphQLError as error:
                return self._refused([error], viewer)
        operation = self._operation(plan, request.operation_name)
        kind = operation.node.operation
        if kind is OperationType.SUBSCRIPTION and not (may_subscribe and self._open_following):
            raise OperationError(
                "subscriptions are answered as an event stream: send `Accept: text/event-stream` "
                "(with curl: -N -H 'Accept: text/event-stream')",
                code="SUBSCRIPTION_NOT_SERVED",
            )
        if only_queries and kind is OperationType.MUTATION:
            raise OperationError("only queries are answered here; use POST", code="ONLY_QUERIES")
        if plan.outline.asks_introspection and not viewer.may_introspect:
            raise RefusedError("the description of the schema is not open to you")
        check_variables(request.variables, max_depth=self.limits.value_depth, max_values=self.limits.values)
        measured = self._measure(plan, operation, request.variables)
        refuse_measure(measured, self.limits)
        self._spend(viewer, measured.objects)
        if kind is OperationType.MUTATION:
            self._spend_changes(viewer, measured.root_fields)
        if not plan.is_valid:
            problems = self._validator.problems(plan.document, suggest=viewer.may_introspect)
            if problems:
                return self._refused(problems, viewer)
            plan.is_valid = True
            self.plans.put(request.query, plan)
        coerced = self._coerced(operation, request.variables, viewer)
        if isinstance(coerced, VariableValues):
            cost = Cost(measured.objects, self.limits.cost)
            return Prepared(plan, operation.node, request, coerced, cost)
        return refusal([variable_problem(error, names_are_open=viewer.may_introspect) for error in coerced])

    def _coerced(
        self, operation: OperationOutline, variables: Mapping[str, object], viewer: V
    ) -> VariableValues | list[GraphQLError]:
        """Return the values of the variables, or what is wrong with them.

        Execution would find the same, but only after a session of the database was opened for it.
        """
        return get_variable_values(
            self._schema,
            operation.node.variable_definitions or (),
            dict(variables),
            MAX_VARIABLE_PROBLEMS,
            not viewer.may_introspect,
        )

    def _refused(self, errors: Sequence[GraphQLError], viewer: V) -> Answer:
        return refusal(
            [
                document_problem(error, names_are_open=viewer.may_introspect, limit=self.limits.comparisons)
                for error in errors
            ]
        )

    def _operation(self, plan: Plan, name: str | None) -> OperationOutline:
        operations = plan.outline.operations
        if name is None:
            if len(operations) == 1:
                return operations[0]
            wanted = "holds no operation" if not operations else "holds several; say which with operationName"
            raise OperationError(f"the document {wanted}")
        check_text(name)
        for operation in operations:
            if operation.node.name is not None and operation.node.name.value == name:
                return operation
        raise OperationError("the document has no operation of the name asked for")

    def _measure(self, plan: Plan, operation: OperationOutline, variables: Mapping[str, object]) -> Measure:
        numbers = page_numbers(plan.outline, operation, variables)
        key = (id(operation), *sorted(numbers.items()))
        known = plan.measures.get(key)
        if known is None:
            known = measure(plan.outline, operation, numbers).measure
            plan.remember(key, known)
        return known

    async def _subscribe(self, prepared: Prepared, viewer: V, after: int | None) -> Answer | Subscription:
        """Ask the root field's resolver what to follow; whatever it refuses is an answer."""
        assert self._open_following is not None  # noqa: S101 - `prepare` refused the request otherwise
        async with AsyncExitStack() as stack:
            following = await stack.enter_async_context(self._open_following(viewer, after))
            outcome = create_source_event_stream(self._source(prepared, viewer, following))
            source = await outcome if isawaitable(outcome) else outcome
            if isinstance(source, ExecutionResult):
                return refusal(self._problems(source.errors or [], viewer))
            updates = await stack.enter_async_context(aclosing(cast("AsyncGenerator[Update, None]", source)))
            return Subscription(self._told(updates, prepared, viewer), stack.pop_all())

    def _source(self, prepared: Prepared, viewer: V, following: object) -> GraphQLExecutor[Any]:
        built = GraphQLExecutor.build(
            self._schema,
            prepared.plan.document,
            context_value=following,
            raw_variable_values=dict(prepared.request.variables),
            operation_name=prepared.request.operation_name,
            hide_suggestions=not viewer.may_introspect,
        )
        if isinstance(built, list):
            raise built[0]
        return built

    async def _told(
        self, updates: AsyncIterator[Update], prepared: Prepared, viewer: V
    ) -> AsyncGenerator[Told, None]:
        checked_at = time.monotonic()
        try:
            async for update in updates:
                if self._recheck is not None and time.monotonic() - checked_at >= self._recheck_every_s:
                    await self._recheck(viewer)
                    checked_at = time.monotonic()
                answer = await self._run_update(prepared, viewer, update)
                if answer is not None:
                    yield Told(update.number, answer)
        except GatewayError as error:
            yield Told(None, refusal([gateway_problem(error)]))
        except Exception as error:  # noqa: BLE001 - the border, as in `execute`
            yield Told(None, refusal([internal_problem(self._report(error, ()))]))

    async def _run(self, prepared: Prepared, viewer: V) -> Answer:
        moment = moment_in(prepared.request.extensions)
        if moment is not None:
            if prepared.operation.operation is not OperationType.QUERY:
                raise OperationError("only a query can be asked of the past", code="ONLY_QUERIES")
            # Neither kept answers nor the fast way know of any moment but the present.
            async with self._open_context(viewer) as context:
                context.cost = prepared.cost.requested
                context.go_back(moment)
                return await self._execute(prepared, viewer, context)
        if self._kept is not None and prepared.operation.operation is OperationType.QUERY:
            return await self._kept.answer(prepared.request, viewer, partial(self._read, prepared, viewer))
        answer, _context = await self._read(prepared, viewer)
        return answer

    async def _read(
        self, prepared: Prepared, viewer: V, begin: Begin | None = None
    ) -> tuple[Answer, OperationContext]:
        async with self._open_context(viewer) as context:
            context.cost = prepared.cost.requested
            if begin is not None:
                await begin(context)
            if self._reads is not None:
                data = await self._reads.data(prepared.plan, prepared.operation, prepared.variables, context)
                if data is not None:
                    extensions = context.response_extensions()
                    answer = executed_with_cost(data.json, (), extensions, self._said(prepared))
                    answer.parts = data.parts
                    return answer, context
            return await self._execute(prepared, viewer, context), context

    def _said(self, prepared: Prepared) -> Cost | None:
        return prepared.cost if self._says_cost else None

    async def _run_update(self, prepared: Prepared, viewer: V, update: Update) -> Answer | None:
        """Answer from a snapshot opened after the event; None when there is nothing to show any more."""
        async with self._open_context(viewer) as context:
            context.cost = prepared.cost.requested
            root = await update.read(context)
            return None if root is None else await self._execute(prepared, viewer, context, root)

    async def _execute(
        self, prepared: Prepared, viewer: V, context: OperationContext, root: object = None
    ) -> Answer:
        outcome = execute(
            self._schema,
            prepared.plan.document,
            root_value=root,
            context_value=context,
            variable_values=dict(prepared.request.variables),
            operation_name=prepared.request.operation_name,
            executor_class=self._strawberry_schema.execution_context_class,
            # Strawberry declares the guard as a plain predicate.
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
            hide_suggestions=not viewer.may_introspect,
            operation_extensions=dict(prepared.request.extensions),
        )
        result = await outcome if isawaitable(outcome) else outcome
        return self._answer(result, context.response_extensions(), viewer, self._said(prepared))

    def _answer(
        self, result: ExecutionResult, extensions: Mapping[str, object], viewer: V, cost: Cost | None
    ) -> Answer:
        errors = result.errors or []
        names_are_open = viewer.may_introspect
        if result.data is None and errors and all(error.path is None for error in errors):
            return refusal([variable_problem(error, names_are_open=names_are_open) for error in errors])
        problems = self._problems(errors, viewer)
        # Nothing was found, and only for what was asked: the request itself is what is wrong.
        is_empty = result.data is None or all(value is None for value in result.data.values())
        if errors and is_empty and all(is_bad_input(error) for error in errors):
            return refusal(problems)
        return executed(result.data, problems, extensions, cost)

    def _problems(self, errors: Sequence[GraphQLError], viewer: V) -> Sequence[Problem]:
        """Return the entries for errors in fields, and log those that nobody raised on purpose."""
        names_are_open = viewer.may_introspect
        reported = 0

        def report(error: Exception, path: Sequence[str | int]) -> str:
            nonlocal reported
            reported += 1
            return self._report(error, path) if reported <= MAX_LOGGED_FAILURES else self._correlation_id()

        problems: list[Problem] = [
            field_problem(error, names_are_open=names_are_open, report=report) for error in errors
        ]
        if reported > MAX_LOGGED_FAILURES:
            log.error("more fields failed", action="graphql.failed", failures=reported)
        return problems

    def _report(self, error: Exception, path: Sequence[str | int]) -> str:
        """Log a failure of ours with its traceback, and return the id it is logged under."""
        correlation_id = self._correlation_id()
        place = ".".join(str(step) for step in path)
        log_failure(error, action="graphql.failed", correlation_id=correlation_id, place=place)
        return correlation_id
