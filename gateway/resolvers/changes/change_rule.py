"""Rules in Rucio, changed in the person's own name; our copy follows with the next reading."""

import datetime as dt
from dataclasses import dataclass

from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.domain.rules import RuleMade
from gateway.domain.submission import Reply, Unknown
from gateway.errors import ChangeRefusedError
from gateway.resolvers.services import RUCIO, RuleCommands, Services
from gateway.store.audit import AuditEntry, AuditOutcome, record
from gateway.store.base import JsonValue
from gateway.store.database import Database


@dataclass(frozen=True, slots=True)
class NewRule:
    """So many copies of a dataset on storages of an expression, for so long."""

    did: str
    rse_expression: str
    copies: int
    lifetime_s: int | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A rule that is to end so many seconds from now, None for never."""

    rule_id: str
    lifetime_s: int | None


@dataclass(frozen=True, slots=True)
class Removal:
    """A rule that is to go."""

    rule_id: str
    reason: str


async def change_rule(
    database: Database,
    services: Services,
    viewer: Viewer,
    wish: NewRule | Lifetime | Removal,
    *,
    now: dt.datetime,
) -> RuleMade | Unknown:
    """Write down what is asked, ask Rucio once and write down what became of it.

    Unknown: the answer was lost, and the next reading of the rules will show it. Raises ChangeRefusedError
    with Rucio's words for a refusal, and when the person cannot be acted for.
    """
    if services.rucio is None:
        raise ChangeRefusedError("This gateway has no Rucio to command: set GATEWAY_RUCIO_URL.")
    token = await services.token(viewer, RUCIO, Right.MANAGE_RULES)
    told = _told(wish)

    async def tell(outcome: AuditOutcome, key: str, reason: str | None) -> None:
        async with database.transaction() as session:
            await record(
                session,
                AuditEntry(
                    actor=viewer.actor,
                    action=told.action,
                    object_kind="Rule",
                    object_key=key,
                    after=told.after,
                    upstream_call="rucio rules",
                    jti=viewer.jti,
                    outcome=outcome,
                    reason=reason,
                    at=now,
                ),
            )

    # Before the call: a process that ends during it leaves a trace of what it did.
    await tell(AuditOutcome.ASKED, told.key, None)
    reply = await _ask(services.rucio, token, wish)
    match reply:
        case RuleMade():
            await tell(AuditOutcome.DONE, reply.rule_id, reply.message or None)
            return reply
        case Unknown():
            await tell(AuditOutcome.UNKNOWN, told.key, reply.message or None)
            return reply
        case _:
            await tell(AuditOutcome.REFUSED, told.key, reply.message or None)
            raise ChangeRefusedError(reply.message)


@dataclass(frozen=True, slots=True)
class _Told:
    """A wish as the trail has it."""

    action: str
    key: str
    after: JsonValue


def _told(wish: NewRule | Lifetime | Removal) -> _Told:
    match wish:
        case NewRule():
            after: JsonValue = {
                "did": wish.did,
                "rseExpression": wish.rse_expression,
                "copies": wish.copies,
                "lifetimeSeconds": wish.lifetime_s,
            }
            return _Told("addRule", wish.did, after)
        case Lifetime():
            return _Told("setRuleLifetime", wish.rule_id, {"lifetimeSeconds": wish.lifetime_s})
        case Removal():
            return _Told("deleteRule", wish.rule_id, {"reason": wish.reason})


async def _ask(rucio: RuleCommands, token: str, wish: NewRule | Lifetime | Removal) -> Reply | RuleMade:
    match wish:
        case NewRule():
            return await rucio.add_rule(
                token,
                wish.did,
                rse_expression=wish.rse_expression,
                copies=wish.copies,
                lifetime_s=wish.lifetime_s,
                comment=wish.comment,
            )
        case Lifetime():
            return await rucio.set_lifetime(token, wish.rule_id, wish.lifetime_s)
        case Removal():
            return await rucio.delete_rule(token, wish.rule_id)
