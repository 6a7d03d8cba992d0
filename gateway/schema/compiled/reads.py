"""Answers queries from their plans where it can, and says how often it could not."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLBoolean,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.values import VariableValues
from graphql.type import get_named_type
from graphql.utilities import type_from_ast
from sqlalchemy.exc import DBAPIError
from strawberry import Schema

from gateway.errors import GatewayError, LimitError
from gateway.resolvers.reading import unbroken
from gateway.schema.compiled.answering import Answering, Data
from gateway.schema.compiled.compiling import Compiler
from gateway.schema.compiled.leaves import NotCoveredError
from gateway.schema.compiled.parts import KeptParts
from gateway.schema.compiled.plans import ObjectPlan
from gateway.schema.context import Context
from gateway.schema.links import FOLLOWS
from gateway.schema.node import RowType
from gateway.schema.plans import Plan

log = structlog.get_logger()

# Plans kept of one document: its operations, times what its variables include and skip.
KEPT_PLANS = 16


@dataclass(slots=True)
class Counts:
    """How many queries were answered from plans, and how many were left to ordinary execution, by reason."""

    answered: int = 0
    left: Counter[str] = field(default_factory=Counter)


class CompiledReads:
    """Answers queries level by level; None means that ordinary execution has to answer.

    Parts of answers are taken from those that are `kept`, where the snapshot was begun with a look.
    """

    def __init__(self, schema: Schema, kept: KeptParts | None = None) -> None:
        self._kept = kept
        self._schema = schema._schema
        self._converting = schema.schema_converter
        self._following = following_resolvers(self._schema)
        self.counts = Counts()

    async def data(
        self, plan: Plan, operation: OperationDefinitionNode, variables: VariableValues, context: object
    ) -> Data | None:
        """Return the data of the answer, None when this query is left to ordinary execution.

        Raises LimitError when the database takes too long: asked again it would take as long again.
        """
        if operation.operation is not OperationType.QUERY or not isinstance(context, Context):
            return None
        try:
            compiled = self._compiled(plan, operation, variables)
            data = await unbroken(Answering(context, variables, self._converting, self._kept).root(compiled))
        except NotCoveredError as error:
            self._leave(error.message, context)
            return None
        except LimitError:
            raise
        except GatewayError as error:
            # Ordinary execution finds the same, and knows how to say of which field.
            self._leave(type(error).__name__, context)
            return None
        except Exception as error:
            log.warning(
                "a query could not be answered from its plan",
                action="graphql.plan_failed",
                error=type(error).__name__,
                exc_info=True,
            )
            self._leave(type(error).__name__, context)
            if isinstance(error, DBAPIError):
                # PostgreSQL answers nothing more in a transaction in which a statement failed.
                await context.renew()
            return None
        self.counts.answered += 1
        return data

    def _compiled(
        self, plan: Plan, operation: OperationDefinitionNode, variables: VariableValues
    ) -> ObjectPlan:
        key = self._key(operation, variables)
        known = plan.compiled.get(key)
        if known is None:
            fragments = {
                node.name.value: node
                for node in plan.document.definitions
                if isinstance(node, FragmentDefinitionNode)
            }
            known = Compiler(
                self._schema,
                operation,
                fragments,
                variables,
                whole_rows=not self._following.isdisjoint(names_in(plan.document)),
            ).compile()
            if len(plan.compiled) >= KEPT_PLANS:
                plan.compiled.clear()
            plan.compiled[key] = known
        return cast("ObjectPlan", known)

    def _key(self, operation: OperationDefinitionNode, variables: VariableValues) -> Hashable:
        """Return the operation and the values of its Boolean variables: only those decide what is there."""
        switches = []
        for node in operation.variable_definitions or ():
            type_ = cast("Any", type_from_ast(self._schema, node.type))
            if get_named_type(type_) is GraphQLBoolean:
                name = node.variable.name.value
                switches.append((name, repr(variables.coerced.get(name))))
        return (id(operation), *switches)

    def _leave(self, reason: str, context: Context) -> None:
        context.reading.forget()
        self.counts.left[reason] += 1
        log.debug("a query is left to ordinary execution", action="graphql.left", reason=reason)


def following_resolvers(schema: GraphQLSchema) -> frozenset[str]:
    """Return the names of fields of rows whose resolvers read by themselves, along relations."""
    found: set[str] = set()
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or not _shows_rows(type_):
            continue
        for name, field_ in type_.fields.items():
            declared = field_.extensions["strawberry-definition"]
            resolver = declared.base_resolver
            if resolver is not None and resolver.is_async and FOLLOWS not in (declared.metadata or {}):
                found.add(name)
    return frozenset(found)


def names_in(document: DocumentNode) -> frozenset[str]:
    """Return the names of all fields that a document selects anywhere."""
    names: set[str] = set()
    work: list[Any] = list(document.definitions)
    while work:
        node = work.pop()
        if isinstance(node, FieldNode):
            names.add(node.name.value)
        selections = getattr(node, "selection_set", None)
        work.extend(selections.selections if selections else ())
    return frozenset(names)


def _shows_rows(type_: GraphQLObjectType) -> bool:
    definition = type_.extensions.get("strawberry-definition")
    return definition is not None and issubclass(definition.origin, RowType)
