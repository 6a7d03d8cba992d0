"""addRule, setRuleLifetime and deleteRule: replication rules in Rucio, in the person's own name."""

from typing import Annotated

import strawberry

from gateway.domain.rules import RuleMade
from gateway.errors import ChangeRefusedError
from gateway.resolvers.changes.change_rule import Lifetime, NewRule, Removal, change_rule
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.results import Refused, refusal_of
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt


@strawberry.type(description="Rucio did it; our copy shows it with the next reading of the rules.")
class RuleChanged:
    """A rule was changed."""

    rule_id: str = strawberry.field(description="Rucio's id of the rule.")


@strawberry.type(
    description="Rucio's answer was lost: look at the rules after their next reading, before you ask again."
)
class OutcomeUnknown:
    """Nobody knows."""

    message: str = strawberry.field(description="What happened, in a sentence.")


RuleChangeResult = Annotated[
    RuleChanged | OutcomeUnknown | Refused,
    strawberry.union("RuleChangeResult", description="What became of a rule."),
]


Did = Annotated[str, strawberry.argument(description="The dataset, 'scope:name'.")]
RseExpression = Annotated[
    str, strawberry.argument(description="The storages, a name or one of Rucio's expressions.")
]
Copies = Annotated[BigInt, strawberry.argument(description="How many copies, on different storages.")]
LifetimeSeconds = Annotated[
    BigInt | None, strawberry.argument(description="Seconds from now until the rule ends; null for never.")
]
RuleComment = Annotated[str | None, strawberry.argument(description="A note that Rucio keeps with the rule.")]
RuleId = Annotated[str, strawberry.argument(description="Rucio's id of the rule.")]
WhyRemoved = Annotated[str, strawberry.argument(description="Why, for the trail.")]


@strawberry.type
class RuleMutations:
    """The mutations."""

    @mutation(
        needs=Right.MANAGE_RULES,
        concerns="did",
        description=(
            "Ask Rucio to keep `copies` of a dataset on storages of an expression such as JINR_EOS, for "
            "`lifetimeSeconds` or for ever."
        ),
    )
    async def add_rule(
        self,
        info: Info,
        did: Did,
        rse_expression: RseExpression,
        copies: Copies = BigInt(1),  # noqa: B008 - a number
        lifetime_seconds: LifetimeSeconds = None,
        comment: RuleComment = None,
    ) -> RuleChangeResult:
        """Add the rule."""
        return await _changed(info, NewRule(did, rse_expression, copies, lifetime_seconds, comment))

    @mutation(
        needs=Right.MANAGE_RULES,
        concerns="rule_id",
        description="Have a rule end so many seconds from now; null lets it never end.",
    )
    async def set_rule_lifetime(
        self, info: Info, rule_id: RuleId, lifetime_seconds: LifetimeSeconds
    ) -> RuleChangeResult:
        """Change when it ends."""
        return await _changed(info, Lifetime(rule_id, lifetime_seconds))

    @mutation(
        needs=Right.MANAGE_RULES,
        concerns="rule_id",
        description=(
            "Remove a rule: Rucio keeps it for an hour, and may then delete what no other rule holds. Needs "
            "a "
            "reason."
        ),
    )
    async def delete_rule(self, info: Info, rule_id: RuleId, reason: WhyRemoved) -> RuleChangeResult:
        """Remove the rule."""
        return await _changed(info, Removal(rule_id, reason))


async def _changed(info: Info, wish: NewRule | Lifetime | Removal) -> RuleChangeResult:
    context = info.context
    try:
        done = await change_rule(
            context.database, context.services, context.viewer, wish, now=context.reading.now
        )
    except ChangeRefusedError as error:
        refusal = refusal_of(error)
        return refusal if isinstance(refusal, Refused) else Refused(code=error.code, message=error.message)
    if isinstance(done, RuleMade):
        return RuleChanged(rule_id=done.rule_id)
    return OutcomeUnknown(message=done.message)
