"""previewTaskClone: what making a task again would send, each parameter beside what was sent."""

import functools
import json
from typing import Annotated

import strawberry

from gateway.domain.cloning import Inherited
from gateway.domain.task_cloning import PARAMETERS
from gateway.errors import ChangeRefusedError, InputError
from gateway.resolvers.changes.clone_task import TaskClone, plan_task_clone
from gateway.schema.context import Info
from gateway.schema.mutations.clone_task import Changes, JediTaskId, changes_of
from gateway.schema.mutations.results import Refused
from gateway.store.sources import SourceName


@strawberry.type(description="A parameter of a task that would be made again, as JSON.")
class ClonedParameter:
    """A parameter."""

    name: str = strawberry.field(description="The parameter, as PanDA calls it.")
    inherited: Inherited = strawberry.field(description="What becomes of it.")
    source: str | None = strawberry.field(description="What was sent, as JSON; null where it was not.")
    clone: str | None = strawberry.field(
        description="What would be sent, as JSON; null where it would not, and for the submission's key."
    )
    is_changed: bool = strawberry.field(description="Whether the two differ.")


@strawberry.type(description="What making a task again would send; nothing is written.")
class TaskClonePreview:
    """A preview."""

    request_name: str = strawberry.field(description="The request of the task.")
    source: str = strawberry.field(description="The attempt that the task was.")
    attempt: str = strawberry.field(description="The attempt that it would be made again as.")
    task_name: str = strawberry.field(description="Name of the task in PanDA.")
    outputs: list[str] = strawberry.field(description="DIDs that it would write.")
    parameters: list[ClonedParameter] = strawberry.field(
        description="All parameters that were sent or would be, by name."
    )

    @classmethod
    def of(cls, clone: TaskClone) -> "TaskClonePreview":
        """Show the plan."""
        before, after = clone.sent, clone.task.parameters
        return cls(
            request_name=clone.request,
            source=clone.source,
            attempt=clone.attempt.key,
            task_name=clone.task.name,
            outputs=list(clone.attempt.outputs),
            parameters=[
                ClonedParameter(
                    name=name,
                    inherited=PARAMETERS[name],
                    source=json.dumps(before[name]) if name in before else None,
                    clone=json.dumps(after[name]) if name in after else None,
                    is_changed=before.get(name) != after.get(name),
                )
                for name in sorted(before.keys() | after.keys())
            ],
        )


TaskClonePreviewResult = Annotated[
    TaskClonePreview | Refused,
    strawberry.union("TaskClonePreviewResult", description="What would be sent, or why nothing would."),
]


@strawberry.type
class TaskCloneQueries:
    """The question."""

    @strawberry.field(
        description=(
            "What `cloneTask` would send for this `jediTaskId`, each parameter beside what was sent. Nothing "
            "is written."
        )
    )
    async def preview_task_clone(
        self, info: Info, jedi_task_id: JediTaskId, changes: Changes = None
    ) -> TaskClonePreviewResult:
        """Preview a task made again."""
        try:
            rows = functools.partial(info.context.reading.rows, sources={SourceName.PANDA})
            clone = await plan_task_clone(rows, jedi_task_id, changes_of(changes))
        except (ChangeRefusedError, InputError) as error:
            return Refused(code=error.code, message=error.message)
        return TaskClonePreview.of(clone)
