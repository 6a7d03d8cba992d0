"""steerTasks: retry, kill, finish, pause, resume, move and reprioritise tasks, one or many."""

from typing import Annotated, Final

import strawberry

from gateway.domain.steering import CommandKind as Kind
from gateway.errors import ChangeRefusedError, InputError
from gateway.resolvers.changes.steer_task import Order, check_order, steer_task
from gateway.schema.context import Info
from gateway.schema.enums import CommandKind, CommandState, Right
from gateway.schema.mutations.submit import Reason
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt
from gateway.store.base import JsonValue

# So many tasks are commanded by one call.
MOST_AT_ONCE: Final = 100


TaskIds = Annotated[list[BigInt], strawberry.argument(description="PanDA's ids of the tasks.")]
Command = Annotated[CommandKind, strawberry.argument(description="What is to become of them.")]
DryRun = Annotated[bool, strawberry.argument(description="Only say for which tasks it is possible.")]
Site = Annotated[str | None, strawberry.argument(description="REASSIGN: the PanDA queue to move to.")]
Priority = Annotated[
    BigInt | None, strawberry.argument(description="CHANGE_PRIORITY: the new priority, 0 to 10000.")
]
IsSoft = Annotated[bool, strawberry.argument(description="FINISH: let the running jobs end first.")]


@strawberry.type(description="What became, or would become, of a command for one task.")
class SteeredTask:
    """One task's outcome."""

    jedi_task_id: BigInt = strawberry.field(description="The PanDA task.")
    state: CommandState | None = strawberry.field(
        description="What became of it: TAKEN, UNKNOWN or REFUSED; null in a dry run and where we refused it."
    )
    is_possible: bool = strawberry.field(description="Whether the task's present state allows it.")
    message: str = strawberry.field(description="PanDA's words, or why it is not possible; empty for none.")


@strawberry.type(description="What a command came to, task by task, in the order given.")
class Steering:
    """The outcomes."""

    tasks: list[SteeredTask] = strawberry.field(description="Each task's outcome.")
    is_dry_run: bool = strawberry.field(description="Whether nothing was sent.")


@strawberry.type
class SteerMutations:
    """The mutation."""

    @mutation(
        needs=Right.STEER,
        concerns="jedi_task_ids",
        description=(
            f"Ask PanDA in your own name for something to become of up to {MOST_AT_ONCE} tasks. `dryRun`, "
            "the "
            "default, only says for which of them it is possible now. PanDA takes a command and acts minutes "
            "later: until the task shows it, it is pending (TAKEN). A lost answer (UNKNOWN) is never "
            "repeated. The same command twice is harmless: PanDA keeps one for each task. REASSIGN needs "
            "`site`, CHANGE_PRIORITY needs `priority`; `isSoft` lets FINISH wait for running jobs."
        ),
    )
    async def steer_tasks(
        self,
        info: Info,
        jedi_task_ids: TaskIds,
        command: Command,
        dry_run: DryRun = True,
        site: Site = None,
        priority: Priority = None,
        is_soft: IsSoft = False,
        reason: Reason = None,
    ) -> Steering:
        """Command the tasks, or say for which it is possible."""
        if len(jedi_task_ids) > MOST_AT_ONCE:
            raise InputError(f"{len(jedi_task_ids)} tasks at once are too many: give at most {MOST_AT_ONCE}.")
        arguments = _arguments(command, site=site, priority=priority, is_soft=is_soft)
        context = info.context
        outcomes = []
        for task_id in dict.fromkeys(jedi_task_ids):
            order = Order(task_id, command, arguments, reason)
            try:
                if dry_run:
                    await check_order(context.database, order)
                    outcomes.append(
                        SteeredTask(jedi_task_id=task_id, state=None, is_possible=True, message="")
                    )
                    continue
                done = await steer_task(
                    context.database, context.services, context.viewer, order, now=context.reading.now
                )
            except ChangeRefusedError as error:
                outcomes.append(
                    SteeredTask(jedi_task_id=task_id, state=None, is_possible=False, message=error.message)
                )
            else:
                outcomes.append(
                    SteeredTask(
                        jedi_task_id=task_id, state=done.state, is_possible=True, message=done.message
                    )
                )
        await context.renew()
        return Steering(tasks=outcomes, is_dry_run=dry_run)


def _arguments(
    command: Kind, *, site: str | None, priority: int | None, is_soft: bool
) -> dict[str, JsonValue]:
    match command:
        case Kind.REASSIGN:
            if not site:
                raise InputError("REASSIGN needs a site: the PanDA queue to move the task to.")
            return {"site": site, "mode": "soft"}
        case Kind.CHANGE_PRIORITY:
            if priority is None or not 0 <= priority <= 10_000:
                raise InputError("CHANGE_PRIORITY needs a priority from 0 to 10000.")
            return {"priority": priority}
        case Kind.FINISH:
            return {"soft": is_soft}
        case _:
            return {}
