"""Mutations that ask for a right: it is declared beside the field, asked before the resolver runs, and shown.

A refusal leaves one entry in the trail, and nothing else. A schema with a mutation that declares no right is
not built.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

import strawberry

from gateway.auth.permissions import Right
from gateway.errors import RefusedError, SetupError
from gateway.schema.context import Context, Info
from gateway.store.audit import AuditEntry, AuditOutcome, record

_NEEDS: Final = "needs"


def mutation(*, needs: Right, description: str, concerns: str = "") -> Callable[[Callable[..., Any]], Any]:
    """Declare a mutation that only viewers with a right may use; `info` is the resolver's parameter.

    `concerns` is the argument that names what is to be changed, or a path to it such as "input.name": the
    trail says it of a refusal. Raises RefusedError for viewers without the right, before the resolver.
    """

    def declare(resolve: Callable[..., Awaitable[Any]]) -> Any:
        @functools.wraps(resolve)
        async def resolve_if_allowed(self: Any, info: Info, **given: Any) -> Any:
            await require(info.context, needs, info.field_name, _named(given, concerns))
            return await resolve(self, info, **given)

        return strawberry.mutation(
            resolve_if_allowed,
            description=f"{description} Needs the right {needs.name}.",
            metadata={_NEEDS: needs},
        )

    return declare


async def require(context: Context, right: Right, action: str, object_key: str = "") -> None:
    """Return if the viewer has the right; else record the refusal and raise RefusedError."""
    try:
        context.viewer.require(right)
    except RefusedError as refused:
        await record_refusal(context, action, object_key, refused)
        raise


async def record_refusal(context: Context, action: str, object_key: str, refused: RefusedError) -> None:
    """Write in the trail that somebody was refused, unless nobody knows them: anybody could fill it.

    Raises TooManyError, and writes nothing, for whoever was refused too often in a short time.
    """
    viewer = context.viewer
    if viewer.subject is None:
        return
    context.spend_refusal()
    async with context.database.transaction() as session:
        await record(
            session,
            AuditEntry(
                actor=viewer.actor,
                action=action,
                object_key=object_key,
                jti=viewer.jti,
                outcome=AuditOutcome.REFUSED,
                reason=refused.message,
                at=context.reading.now,
            ),
        )


def check_rights(schema: strawberry.Schema) -> None:
    """Return if every mutation declares its right; raise SetupError naming those that do not."""
    root = schema.mutation
    definition = getattr(root, "__strawberry_definition__", None)
    open_ones = sorted(
        field.python_name
        for field in getattr(definition, "fields", [])
        if _NEEDS not in (field.metadata or {})
    )
    if open_ones:
        raise SetupError(
            f"mutations that ask for no right: {', '.join(open_ones)}; `schema.needs.mutation` declares one"
        )


def rights_of_mutations(schema: strawberry.Schema) -> dict[str, Right]:
    """Return the right that each mutation needs, by its name in the schema."""
    definition: Any = getattr(schema.mutation, "__strawberry_definition__", None)
    names = schema.config.name_converter
    return {names.get_graphql_name(field): field.metadata[_NEEDS] for field in definition.fields}


def _named(given: dict[str, Any], path: str) -> str:
    if not path:
        return ""
    first, *rest = path.split(".")
    value = given.get(first)
    for step in rest:
        value = getattr(value, step, None)
    return "" if value is None else str(value)[:300]
