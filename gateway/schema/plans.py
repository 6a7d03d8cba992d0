"""Documents that were read and found valid, kept for the next time the same text comes.

The stock caches do not help here: `ValidationCache` of Strawberry 0.341 never hits beside a limiter
given as a factory, because every request brings a new rule class and with it a new key.
"""

from collections import OrderedDict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from gateway.errors import LimitError
from gateway.schema.cost import SchemaShape
from gateway.schema.limits import Limits, refuse_outline, refuse_text
from gateway.schema.measures import Measure
from gateway.schema.outline import Outline, outline_of
from gateway.schema.values import check_text

# A parsed token holds about 1 KiB, so the cache stays below 40 MiB; a hundred documents of ordinary size fit.
CACHED_TOKENS = 40_000

# Different page sizes of one document whose measure is remembered; beyond that it is measured again (0.1 ms).
MEASURES_PER_PLAN = 32

# How graphql-core 3.3 says that the parser stopped at a number of tokens or comments; held by a test.
_TOO_MANY = "Document contains more than"


@dataclass(slots=True)
class Plan:
    """One document, parsed and outlined; `is_valid` once it was validated.

    `compiled` is kept here for whoever answers its operations without ordinary execution.
    """

    document: DocumentNode
    outline: Outline
    is_valid: bool = False
    measures: dict[Hashable, Measure] = field(default_factory=dict)
    compiled: dict[Hashable, object] = field(default_factory=dict)

    def remember(self, key: Hashable, measure: Measure) -> None:
        """Keep a measure for the next request with the same operation and page sizes."""
        if len(self.measures) >= MEASURES_PER_PLAN:
            self.measures.clear()
        self.measures[key] = measure


class PlanCache:
    """Valid plans by document text, the least recently used forgotten first, bounded by their tokens."""

    def __init__(self, capacity_tokens: int = CACHED_TOKENS) -> None:
        self._capacity_tokens = capacity_tokens
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self.tokens = 0

    def __len__(self) -> int:
        return len(self._plans)

    def get(self, text: str) -> Plan | None:
        """Return the plan of a text that was valid before."""
        plan = self._plans.get(text)
        if plan is not None:
            self._plans.move_to_end(text)
        return plan

    def put(self, text: str, plan: Plan) -> None:
        """Keep a valid plan; what does not fit beside it is forgotten."""
        if text in self._plans:
            return
        self._plans[text] = plan
        self.tokens += plan.document.token_count
        while self.tokens > self._capacity_tokens:
            _, forgotten = self._plans.popitem(last=False)
            self.tokens -= forgotten.document.token_count


def read_plan(text: str, shape: SchemaShape, limits: Limits) -> Plan:
    """Parse and outline a document within the limits, without validating it.

    Raises LimitError, BadValueError, or GraphQLSyntaxError for text that is not GraphQL.
    """
    refuse_text(text, limits)
    check_text(text)
    try:
        document = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.comments)
    except GraphQLSyntaxError as error:
        if _TOO_MANY not in error.message:
            raise
        raise LimitError(
            "TOKENS",
            f"the document has more than {limits.tokens} tokens or {limits.comments} comments;"
            f" the limits are {limits.tokens} and {limits.comments}",
            found=None,
            limit=limits.tokens,
        ) from error
    outline = outline_of(document, shape)
    refuse_outline(outline, limits)
    return Plan(document, outline)


class Validator:
    """Validates documents with Strawberry's rules, and stops where comparing fields would take too long."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._rules = _rules(limits.comparisons)

    def problems(self, document: DocumentNode, *, suggest: bool) -> Sequence[GraphQLError]:
        """Return what is wrong with a document, at most as many problems as the limits say, and one more.

        An aborted validation ends with a ValidationAbortedError. `suggest` adds names that look alike.
        """
        return validate(
            self._schema,
            document,
            self._rules,
            max_errors=self._limits.problems,
            hide_suggestions=not suggest,
        )


def _rules(comparisons: int) -> Collection[type[ASTValidationRule]]:
    class BoundedOverlap(OverlappingFieldsCanBeMergedRule):
        """The rule with our budget in place of its own, which lets one document take half a second."""

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = comparisons

    replaced = (
        BoundedOverlap if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules
    )
    return (*replaced, MaybeNullValidationRule, OneOfInputValidationRule)
