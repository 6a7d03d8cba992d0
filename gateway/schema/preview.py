"""Previews in the schema: what a request would become, without anything being written."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add

import strawberry

from gateway.domain.cloning import FIELDS, ROW_FIELDS, Inherited
from gateway.domain.definitions import Definition, field_texts
from gateway.domain.forecast import Estimate as EstimateValue
from gateway.domain.forecast import Forecast as ForecastValue
from gateway.domain.forecast import NoHistory
from gateway.resolvers.planned_steps import StepPreview
from gateway.resolvers.previewing import Preview
from gateway.schema.mutations.results import CheckResult, camel_case
from gateway.schema.scalars import BigInt, Json


@strawberry.type(
    description="An expected amount, and what it would be if every job were like the smallest or largest."
)
class Estimate:
    """An amount with its spread."""

    expected: float = strawberry.field(description="The expected amount.")
    lowest: float = strawberry.field(description="If every job were like those of the smallest task.")
    highest: float = strawberry.field(description="If every job were like those of the largest task.")
    spread: float = strawberry.field(
        description="The width between lowest and highest as a part of the expected amount; 0.01 is 1 %."
    )

    @classmethod
    def of(cls, value: EstimateValue) -> "Estimate":
        """Show an estimate."""
        return cls(expected=value.expected, lowest=value.lowest, highest=value.highest, spread=value.spread)

    @classmethod
    def of_optional(cls, value: EstimateValue | None) -> "Estimate | None":
        """Show an estimate, or nothing."""
        return None if value is None else cls.of(value)


@strawberry.type(description="What a step will need, from ended tasks of the same physics and step.")
class StepForecast:
    """A forecast."""

    jobs: BigInt = strawberry.field(description="Jobs of the step.")
    size_bytes: Estimate | None = strawberry.field(
        description="Bytes it will write, logs left out; null where no such task has ended yet."
    )
    core_hours: Estimate | None = strawberry.field(
        description="Core-hours of all jobs; null where no task of the history recorded them."
    )
    days: Estimate | None = strawberry.field(
        description="Days from start to end if sites are as busy as then; null where that is not known."
    )
    task_ids: list[BigInt] = strawberry.field(
        description="The PanDA tasks that this was taken from; empty where there is no history."
    )

    @classmethod
    def of(cls, value: ForecastValue | NoHistory) -> "StepForecast":
        """Show a forecast, or that there is no history."""
        if isinstance(value, NoHistory):
            return cls(jobs=BigInt(value.jobs), size_bytes=None, core_hours=None, days=None, task_ids=[])
        return cls(
            jobs=BigInt(value.jobs),
            size_bytes=Estimate.of(value.size_bytes),
            core_hours=Estimate.of_optional(value.core_hours),
            days=Estimate.of_optional(value.days),
            task_ids=[BigInt(task_id) for task_id in value.task_ids],
        )


@strawberry.type(description="A step as its next attempt would be submitted.")
class PreviewedStep:
    """A step."""

    kind: str = strawberry.field(description="What the step does: SIM, RECO, ...")
    attempt: BigInt = strawberry.field(description="The number that the attempt would have.")
    task_name: str | None = strawberry.field(
        description="Name of the PanDA task; null where `problem` says why none follows."
    )
    outputs: list[str] = strawberry.field(description="DIDs that it would write.")
    template: str | None = strawberry.field(
        description="Name and version of the template its parameters are made from; null without parameters."
    )
    parameters: Json | None = strawberry.field(
        description=(
            "The exact PanDA task parameters, but for the key that marks each submission; null where "
            "`problem` says why there are none."
        )
    )
    problem: str | None = strawberry.field(description="Why it could not be submitted; null if it could.")
    script_sha256: str | None = strawberry.field(
        description="SHA-256 of its script as it is on CVMFS now; null where CVMFS is not mounted here."
    )
    forecast: StepForecast = strawberry.field(description="What it will need.")

    @classmethod
    def of(cls, step: StepPreview, preview: Preview) -> "PreviewedStep":
        """Show a step."""
        facts = preview.request.step(step.kind)
        seen = preview.scripts.get(facts.script or "") if facts else None
        return cls(
            kind=step.kind,
            attempt=BigInt(step.attempt),
            task_name=step.task_name,
            outputs=[output.did for output in step.outputs],
            template=step.template,
            parameters=None if step.parameters is None else Json(dict(step.parameters)),
            problem=step.problem,
            script_sha256=None if seen is None else seen.sha256,
            forecast=StepForecast.of(step.forecast),
        )


@strawberry.type(
    description="What a request would become; nothing of it is written, and nothing is reserved."
)
class RequestPreview:
    """A preview."""

    name: str = strawberry.field(
        description="The request's name; of a new one the name it would get if it were made now."
    )
    seed_first: BigInt = strawberry.field(description="Its first seed, taken or next free.")
    seed_last: BigInt = strawberry.field(description="Its last seed, included.")
    jobs: BigInt = strawberry.field(description="Jobs of each step.")
    physics_key: str = strawberry.field(description="The physics its seeds belong to, for `seedMap`.")
    steps: list[PreviewedStep] = strawberry.field(description="Its steps, in order.")
    size_bytes: Estimate | None = strawberry.field(
        description="Bytes that all steps will write together; null where one of them has no history."
    )
    unsure_task_ids: list[BigInt] = strawberry.field(
        description=(
            "Tasks of the forecasts whose script was not recorded: probably, not certainly, the same physics."
        )
    )
    findings: list[CheckResult] = strawberry.field(
        description="What the checks say of it, the worst first; a BLOCKER keeps it from being submitted."
    )

    @classmethod
    def of(cls, preview: Preview) -> "RequestPreview":
        """Show a preview."""
        request = preview.request
        return cls(
            name=request.name,
            seed_first=BigInt(request.seeds.first),
            seed_last=BigInt(request.seeds.last),
            jobs=BigInt(request.seeds.count),
            physics_key=str(request.physics_key),
            steps=[PreviewedStep.of(step, preview) for step in preview.steps],
            size_bytes=Estimate.of_optional(preview.size_bytes),
            unsure_task_ids=[BigInt(task_id) for task_id in preview.unsure_task_ids],
            findings=[CheckResult.of(finding) for finding in preview.findings],
        )


strawberry.enum(
    Inherited,
    name="Inherited",
    description=(
        "What becomes of a field in a clone. KEPT: as in the source. ANEW: the clone gets its own. NEVER: it "
        "is empty in the clone, because it says something of the source only."
    ),
)


@strawberry.type(description="One field of a clone beside that of its source, as texts.")
class ClonedField:
    """A field."""

    field: str = strawberry.field(description="The field, as it is called in inputs.")
    inherited: Inherited = strawberry.field(description="What becomes of the field in a clone.")
    source: str | None = strawberry.field(description="Its value in the source; null where it is empty.")
    clone: str | None = strawberry.field(
        description="Its value in the clones, changes applied; null where it is empty. Seeds: of them all."
    )


@strawberry.type(description="What cloning a request would make; nothing of it is written or reserved.")
class ClonePreview:
    """A preview of clones."""

    source: str = strawberry.field(description="Name of the request that is cloned.")
    source_version: BigInt = strawberry.field(
        description="Its version; give it to `cloneRequest` as `expectedVersion` to clone what you saw."
    )
    clones: list[RequestPreview] = strawberry.field(description="Each clone, by name.")
    fields: list[ClonedField] = strawberry.field(
        description="Every field of a definition, in the source and in the clones."
    )
    never_inherited: list[str] = strawberry.field(
        description="What else the source has and no clone gets, beside its tasks, datasets and comments."
    )
    size_bytes: Estimate | None = strawberry.field(
        description="Bytes that all clones will write together; null where a step has no history."
    )
    core_hours: Estimate | None = strawberry.field(
        description="Core-hours of all clones together; null where a step has no history of them."
    )
    days: Estimate | None = strawberry.field(
        description="Days if all steps of all clones ran one after another; null where not known."
    )

    @classmethod
    def of(
        cls,
        source: str,
        source_version: int,
        before: Definition,
        after: Definition,
        previews: Sequence[Preview],
    ) -> "ClonePreview":
        """Show the preview of clones."""
        old, new = field_texts(before), field_texts(after)
        new["seeds"] = f"{previews[0].request.seeds.first}-{previews[-1].request.seeds.last}"
        steps = [step.forecast for preview in previews for step in preview.steps]
        known = [step for step in steps if isinstance(step, ForecastValue)]
        is_known = len(known) == len(steps)
        return cls(
            source=source,
            source_version=BigInt(source_version),
            clones=[RequestPreview.of(preview) for preview in previews],
            fields=[
                ClonedField(field=camel_case(field), inherited=kind, source=old[field], clone=new[field])
                for field, kind in FIELDS.items()
            ],
            never_inherited=[
                camel_case(field) for field, kind in ROW_FIELDS.items() if kind is Inherited.NEVER
            ],
            size_bytes=_sum(step.size_bytes for step in known) if is_known else None,
            core_hours=_sum(step.core_hours for step in known) if is_known else None,
            days=_sum(step.days for step in known) if is_known else None,
        )


def _sum(amounts: Iterable[EstimateValue | None]) -> Estimate | None:
    """All together; None where one of them, or all, are not known."""
    listed = list(amounts)
    known = [amount for amount in listed if amount is not None]
    return Estimate.of(reduce(add, known)) if known and len(known) == len(listed) else None
