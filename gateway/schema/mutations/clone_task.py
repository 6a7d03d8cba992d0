"""cloneTask: a task made again exactly as it was sent, as the next attempt at its step."""

import functools
from collections.abc import Sequence
from typing import Annotated

import strawberry

from gateway.domain.task_cloning import TaskChanges
from gateway.resolvers.changes.clone_task import clone_task, plan_task_clone
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.mutations.inputs import arguments_of
from gateway.schema.mutations.making import IdempotencyKey
from gateway.schema.mutations.submit import SubmissionResult, send
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt
from gateway.store.rows import Rows


@strawberry.input(description="What a task made again is to have otherwise; what is null stays as sent.")
class TaskChangesInput:
    """Changes."""

    priority: BigInt | None = strawberry.field(
        default=None, description="Priority in PanDA, 0 to 10000; the higher one goes first."
    )
    core_count: BigInt | None = strawberry.field(default=None, description="Cores of each job, 1 to 256.")
    ram_mb: BigInt | None = strawberry.field(
        default=None, description="Memory for each core, MB, 100 to 1000000."
    )
    max_attempts: BigInt | None = strawberry.field(
        default=None, description="How often PanDA runs a job at most, 1 to 50."
    )


JediTaskId = Annotated[BigInt, strawberry.argument(description="PanDA's id of the task to make again.")]
Changes = Annotated[TaskChangesInput | None, strawberry.argument(description="What is to be otherwise.")]


@strawberry.type
class CloneTask:
    """The mutation."""

    @mutation(
        needs=Right.SUBMIT,
        concerns="jedi_task_id",
        description=(
            "Make a task again that was sent from here, exactly as it was sent, as the next attempt at its "
            "step: neither an edit of the request since then nor a newer template changes it, as they would "
            "with `submitStep`. Only names, numbers and our key are new; see `previewTaskClone`."
        ),
    )
    async def clone_task(
        self,
        info: Info,
        jedi_task_id: JediTaskId,
        idempotency_key: IdempotencyKey,
        changes: Changes = None,
        expected_version: Annotated[
            BigInt | None,
            strawberry.argument(
                description="The version of its request that was looked at; another one now is a Conflict."
            ),
        ] = None,
    ) -> SubmissionResult:
        """Plan the attempt."""
        wanted = changes_of(changes)

        async def outputs(rows: Rows) -> Sequence[str]:
            return (await plan_task_clone(rows, jedi_task_id, wanted)).attempt.outputs

        return await send(
            info,
            idempotency_key,
            arguments=arguments_of(task=jedi_task_id, changes=changes, expected_version=expected_version),
            outputs=outputs,
            work=functools.partial(
                clone_task,
                jedi_task_id=jedi_task_id,
                changes=wanted,
                expected_version=expected_version,
            ),
        )


def changes_of(given: TaskChangesInput | None) -> TaskChanges:
    """What is to be otherwise; nothing unless it is said."""
    if given is None:
        return TaskChanges()
    return TaskChanges(
        priority=given.priority,
        core_count=given.core_count,
        ram_mb=given.ram_mb,
        max_attempts=given.max_attempts,
    )
