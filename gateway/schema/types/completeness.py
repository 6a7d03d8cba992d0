"""Completeness in the schema: three amounts side by side, and the part that is there."""

import strawberry

from gateway.domain.completeness import Amount as AmountValue
from gateway.resolvers.completeness import StepCompleteness
from gateway.schema.scalars import BigInt


@strawberry.type(description="An amount of data; one file is made by one job from one seed.")
class Amount:
    """Files and events."""

    files: BigInt | None = strawberry.field(description="Number of files; null when not known.")
    events: BigInt | None = strawberry.field(description="Number of events; null when not known.")

    @classmethod
    def of(cls, amount: AmountValue) -> "Amount":
        """Show an amount."""
        return cls(
            files=None if amount.files is None else BigInt(amount.files),
            events=None if amount.events is None else BigInt(amount.events),
        )


@strawberry.type(
    description=(
        "How much of a step's output is there, by its latest attempt; of a request, as its least complete "
        "step. PanDA overwrites an output's total at the end, which hides losses: so three amounts stand "
        "side by side."
    )
)
class Completeness:
    """How complete something is."""

    step_key: str | None = strawberry.field(
        description="Key of the step that was counted; null for a request without steps."
    )
    expected: Amount = strawberry.field(description="What the request asks for. Ours.")
    processed: Amount = strawberry.field(
        description="What jobs that ended well made: their number, times events per file. From PanDA."
    )
    registered: Amount = strawberry.field(
        description=(
            "What every output dataset has (the smallest decides, logs are not counted), as Rucio counts it; "
            "events are null when Rucio has not recorded them. From Rucio."
        )
    )
    fraction: float | None = strawberry.field(
        description=(
            "The part that is there, 0 to 1: files processed or registered, whichever is less (or the one "
            "that is known), divided by those expected. Null when neither is known; `reason` says why."
        )
    )
    reason: str | None = strawberry.field(
        description="Why files processed or registered are null, in words; null when both are known."
    )
    missing_seeds: str | None = strawberry.field(
        description="Seeds without output, as ranges '10007,12001-12003'; null when not known which."
    )

    @classmethod
    def of(cls, found: StepCompleteness) -> "Completeness":
        """Show how complete something is."""
        value = found.completeness
        return cls(
            step_key=found.step_key,
            expected=Amount.of(value.expected),
            processed=Amount.of(value.processed),
            registered=Amount.of(value.registered),
            fraction=value.fraction,
            reason=value.reason,
            missing_seeds=found.missing_seeds,
        )
