"""A practice PanDA: the calls of API v1 that the gateway and panda-client use, as panda-server 1.0.4 answers.

Odd answers are the server's own: 200 for most refusals, `text/plain` for JSON, Python text for whoever does
not ask for JSON, 403 for an unknown method as for a bad token, and success where only `data` says no.
"""

import datetime as dt
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.practice.dated import Clock, dated
from gateway.practice.faults import Faults, with_faults
from gateway.practice.panda_tasks import FINAL, JOBS_PER_TASK, PandaState, TwinJob, TwinTask

_WINDOW: Final = dt.timedelta(days=90)
_REGULAR_EXPRESSION: Final = frozenset("^$*+?\\|()")
_MOST_JOBS: Final = 5500


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a token stands for: PanDA knows people by their display names."""

    name: str
    groups: frozenset[str]


# What a bearer token says; a text is why it is refused, in PanDA's words ("Invalid token. ...").
Identify = Callable[[str], Identity | str]


@dataclass(frozen=True, slots=True)
class _Caller:
    name: str | None
    is_production: bool


class _RefusedError(Exception):
    """An answer that is not an envelope."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class _Said:
    success: bool
    message: str = ""
    data: object = None


Arguments = Mapping[str, Any]
Answering = Callable[["_Api", _Caller, Arguments], _Said]


@dataclass(frozen=True, slots=True)
class _Method:
    """A call: how it must be asked, its arguments with their types, and which of them may be left out."""

    answer: Answering
    http: str | None
    types: Mapping[str, type]
    optional: Mapping[str, object] = field(default_factory=dict)
    needs_production: bool = False
    needs_owner: bool = False


@dataclass(slots=True)
class _Api:
    state: PandaState
    clock: Clock

    def task(self, task_id: int) -> TwinTask | None:
        found = self.state.tasks.get(task_id)
        return found if found is not None and found.is_known_to_jedi else None


def create_panda_twin(
    state: PandaState,
    *,
    clock: Clock,
    identify: Identify,
    vo: str = "spd",
    faults: Faults | None = None,
    has_switch: bool = False,
    without: frozenset[str] = frozenset(),
) -> ASGIApp:
    """Return the application; before each answer the state is moved to the clock's moment.

    `without` names methods ("task/get_detailed_info") that it does not have, as an older server.
    """
    api = _Api(state, clock)

    async def call(request: Request) -> Response:
        state.advance(clock())
        name = f"{request.path_params['module']}/{request.path_params['method']}"
        try:
            said = await _answered(api, request, name, identify, vo, without)
        except _RefusedError as refusal:
            return Response(f"ERROR : {refusal.text}", refusal.status, media_type="text/plain")
        whole = {"success": said.success, "message": said.message, "data": said.data}
        asks_for_json = "application/json" in (
            request.headers.get("accept"),
            request.headers.get("content-type"),
        )
        text = json.dumps(whole, default=_marked) if asks_for_json else str(whole)
        return Response(text, media_type="text/plain")

    paths = ("/api/v1/{module}/{method}", "/api/latest/{module}/{method}")
    app = Starlette(routes=[Route(path, call, methods=["GET", "POST"]) for path in paths])
    return with_faults(dated(app, clock), faults or Faults(), has_switch=has_switch)


async def _answered(
    api: _Api, request: Request, name: str, identify: Identify, vo: str, without: frozenset[str]
) -> _Said:
    method = _METHODS.get(name)
    if method is None or name in without:
        raise _RefusedError(403, f"method {name.rpartition('/')[2]} is forbidden")
    caller = _caller(request, identify, vo)
    given = await _given(request)
    if caller.name is None:
        return _Said(False, "SSL secure connection is required")
    if method.needs_production and not caller.is_production:
        return _Said(False, "production or pilot role required")
    if method.http is not None and request.method != method.http:
        return _Said(False, f"expecting {method.http}, received {request.method}")
    arguments = _typed(method, given, is_text=request.method == "GET")
    if isinstance(arguments, str):
        return _Said(False, arguments)
    if method.needs_owner and not caller.is_production:
        task = api.task(arguments["task_id"])
        if task is None or task.user != caller.name:
            return _Said(False, "not the task owner or no production role")
    return method.answer(api, caller, arguments)


def _caller(request: Request, identify: Identify, vo: str) -> _Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        return _Caller(None, is_production=False)
    refused = "Token authentication failed. "
    origin = request.headers.get("origin")
    if origin is None:
        raise _RefusedError(403, f"{refused}Token decode failure. Traceback (most recent call last): ...")
    found = identify(token)
    if isinstance(found, str):
        raise _RefusedError(403, refused + found)
    said_vo, _, role = origin.replace(".", ":").partition(":")
    if said_vo != vo:
        raise _RefusedError(403, f"{refused}Unknown vo : {said_vo}")
    group = f"{vo}/{role}" if role else vo
    if not found.groups & {group, f"/{group}"}:
        raise _RefusedError(403, f"{refused}Not a member of the {group} group")
    return _Caller(found.name, is_production=role == "production")


async def _given(request: Request) -> Mapping[str, Any]:
    if request.method == "GET":
        found: dict[str, list[str]] = {}
        for key, value in parse_qsl(request.url.query, keep_blank_values=True):
            found.setdefault(key, []).append(value)
        return {key: values[0] if len(values) == 1 else values for key, values in found.items()}
    content = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        content = gzip.decompress(content)
    if request.headers.get("content-type") != "application/json":
        return dict(parse_qsl(content.decode()))
    try:
        read = json.loads(content)
    except ValueError as error:
        raise _RefusedError(500, f"received invalid JSON : {error}") from error
    return read if isinstance(read, dict) else {}


def _typed(method: _Method, given: Mapping[str, Any], *, is_text: bool) -> Mapping[str, Any] | str:
    """The arguments in their types, or PanDA's complaint; only query strings are converted."""
    for name in given:
        if name not in method.types:
            return f"Argument error: got an unexpected keyword argument '{name}'"
    arguments: dict[str, Any] = dict(method.optional)
    for name, wanted in method.types.items():
        if name not in given:
            if name not in method.optional:
                return f"Argument error: missing a required argument: '{name}'"
            continue
        value = given[name]
        if is_text:
            value = _converted(value, wanted)
        if not isinstance(value, wanted) and value != method.optional.get(name, ...):
            found = type(given[name]).__name__
            return f"Type error: '{name}' must be of type {wanted.__name__}, got {found}."
        arguments[name] = value
    return arguments


def _converted(value: Any, wanted: type) -> object:
    try:
        match wanted.__name__:
            case "bool":
                return str(value).lower() in ("true", "1")
            case "int":
                return int(float(value))
            case "list":
                return [int(float(one)) for one in (value if isinstance(value, list) else [value])]
    except ValueError:
        pass
    return value


def _marked(value: object) -> object:
    if isinstance(value, dt.datetime):
        return {"__datetime__": value.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}
    raise TypeError(type(value).__name__)


def _submit(api: _Api, caller: _Caller, arguments: Arguments) -> _Said:
    parameters = dict(arguments["task_parameters"])
    if any(name not in parameters for name in ("taskName", "vo", "prodSourceLabel")):
        return _Said(False, "failed to register task", 4)
    if not caller.is_production or "userName" not in parameters:
        parameters["userName"] = caller.name
    if not caller.is_production or "taskType" not in parameters:
        parameters |= {"taskType": "anal", "taskPriority": 1000}
    if parameters["taskType"] == "anal" and parameters.get("uniqueTaskName") is True:
        for task in api.state.tasks.values():
            if task.parameters.get("taskName") != parameters["taskName"] or task.status in FINAL:
                continue
            if task.status == "waiting":
                words = f"jediTaskID={task.task_id} is already queued for outDS={parameters['taskName']}. "
                return _Said(False, f"{words}You cannot submit duplicated tasks. ", 1)
            words = (
                f"jediTaskID={task.task_id} is in the {task.status} state for outDS={parameters['taskName']}"
            )
            return _Said(False, f"{words}. You can re-submit it once it goes into a final state. ", 2)
    task = api.state.submit(
        parameters, user=str(parameters["userName"]), parent_id=arguments["parent_tid"], now=api.clock()
    )
    return _Said(True, f"succeeded. new jediTaskID={task.task_id}", task.task_id)


def _command(name: str) -> Answering:
    def answer(api: _Api, caller: _Caller, arguments: Arguments) -> _Said:
        if arguments.get("new_parameters"):
            return _submit_again(api, arguments)
        code, words = api.state.command(
            arguments["task_id"],
            name,
            now=api.clock(),
            by=str(caller.name),
            is_soft=arguments.get("soft") is True,
        )
        # A retry is called a success whatever becomes of it.
        return _Said(code == 0 or name == "retry", words, code)

    return answer


def _submit_again(api: _Api, arguments: Arguments) -> _Said:
    """A retry with new parameters leaves a production task as it is, and makes another one."""
    old = api.state.tasks.get(arguments["task_id"])
    if old is None:
        return _Said(True, "new parameter conversion failed", 1)
    parameters = {**old.parameters, **arguments["new_parameters"]}
    task = api.state.submit(parameters, user=old.user, parent_id=None, now=api.clock())
    return _Said(True, f"succeeded. new jediTaskID={task.task_id}", 0)


def _change_priority(api: _Api, _caller: _Caller, arguments: Arguments) -> _Said:
    task = api.task(arguments["task_id"])
    if task is None:
        return _Said(False, "Task not found")
    task.priority = arguments["priority"]
    return _Said(True, "1 tasks changed")


def _status(api: _Api, _caller: _Caller, arguments: Arguments) -> _Said:
    task = api.task(int(arguments["task_id"]))
    return _Said(False, "Task not found") if task is None else _Said(True, data=task.status)


def _parameters(api: _Api, _caller: _Caller, arguments: Arguments) -> _Said:
    task = api.state.tasks.get(arguments["task_id"])
    return _Said(False, "Task not found") if task is None else _Said(True, data=task.parameters)


def _details(api: _Api, _caller: _Caller, arguments: Arguments) -> _Said:
    task = api.task(arguments["task_id"])
    if task is None:
        return _Said(False, "Task not found or error retrieving task info")
    return _Said(True, data=_wire_task(task))


def _tasks_since(api: _Api, caller: _Caller, arguments: Arguments) -> _Said:
    criteria: dict[str, object] = {"userName": caller.name}
    try:
        criteria |= json.loads(arguments["filters"] or "{}")
        since = api.clock() - _WINDOW
        if arguments["since"] is not None:
            asked = dt.datetime.strptime(arguments["since"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=dt.UTC)
            since = max(since, asked)
    except (TypeError, ValueError):
        return _Said(False, "Failed to retrieve task IDs")
    # The limit comes first, and in no order; what looks like a regular expression is looked at afterwards.
    exact = {name: one for name, one in criteria.items() if not set(str(one)) & _REGULAR_EXPRESSION}
    found = []
    for task in api.state.tasks.values():
        if task.is_known_to_jedi and task.modified is not None and task.modified >= since:
            wire = _wire_task(task)
            if all(_matches(wire.get(name), wanted) for name, wanted in exact.items()):
                found.append(wire)
    return _Said(True, data=sorted(found[: arguments["n_tasks"]], key=lambda one: int(one["jediTaskID"])))


def _matches(value: object, wanted: object) -> bool:
    match wanted:
        case "NOT NULL":
            return value is not None
        case "NULL" | None:
            return value is None
        case _:
            return value == wanted


def _job_ids(api: _Api, _caller: _Caller, arguments: Arguments) -> _Said:
    task = api.task(arguments["task_id"])
    first = arguments["task_id"] * JOBS_PER_TASK + 1
    return _Said(True, data=[] if task is None else list(range(first, first + task.jobs)))


def _job_descriptions(api: _Api, _caller: _Caller, arguments: Arguments) -> _Said:
    found = []
    for job_id in arguments["job_ids"][:_MOST_JOBS]:
        task_id, index = divmod(job_id - 1, JOBS_PER_TASK)
        task = api.task(task_id)
        found.append(_wire_job(task, task.job(index)) if task is not None and index < task.jobs else None)
    return _Said(True, data=found)


def _job_status(api: _Api, caller: _Caller, arguments: Arguments) -> _Said:
    described = _job_descriptions(api, caller, arguments).data
    states = (
        [None if one is None else one["jobStatus"] for one in described]
        if isinstance(described, list)
        else []
    )
    return _Said(
        True,
        data=[
            {"command": "tobekilled", "status": "unknown"}
            if one is None
            else {"command": None, "status": one}
            for one in states
        ],
    )


def _files(api: _Api, _caller: _Caller, arguments: Arguments) -> _Said:
    """A task's jobs by their numbers, or by the files that they read; nothing else is kept."""
    task = api.task(int(arguments["task_id"]))
    asked = arguments["dataset_types"]
    kinds = {str(one) for one in (asked if isinstance(asked, list | tuple) else [asked])}
    reads = "dsForIN" in task.parameters if task is not None else False
    kind = "input" if reads else "random_seed"
    if task is None or kind not in kinds or not task.files_finished + task.files_failed:
        return _Said(False, "No data found for the task")
    first = api.state.first_file_of(task)
    files = [
        {
            "lfn": f"{task.name}.{first + number:06d}.root" if reads else str(number + 1),
            "scope": None,
            "id": task.task_id * JOBS_PER_TASK + number + 1,
            "status": state,
        }
        for number, state in enumerate(task.file_states())
    ]
    return _Said(True, data=[{"dataset": {"name": kind, "id": task.task_id}, "files": files}])


def _alive(_api: _Api, _caller: _Caller, _arguments: Arguments) -> _Said:
    return _Said(True)


def _wire_task(task: TwinTask) -> dict[str, Any]:
    asked = task.parameters
    return {
        "jediTaskID": task.task_id,
        "taskName": task.name,
        "status": task.status,
        "userName": task.user if task.is_refined else "tobeset",
        "creationDate": task.created,
        "modificationTime": task.modified,
        "startTime": task.started,
        "endTime": task.ended,
        "prodSourceLabel": asked.get("prodSourceLabel"),
        "workingGroup": asked.get("workingGroup"),
        "vo": asked.get("vo"),
        "coreCount": asked.get("coreCount"),
        "taskType": asked.get("taskType"),
        "processingType": asked.get("processingType"),
        "taskPriority": asked.get("taskPriority"),
        "currentPriority": asked.get("taskPriority") if task.priority is None else task.priority,
        "errorDialog": task.error,
        "reqID": asked.get("reqID"),
        "oldStatus": task.old_status,
        "parent_tid": task.parent_id or task.task_id,
        "campaign": asked.get("campaign"),
        "splitRule": None,
        "raw_task_params": asked,
        "nFiles": task.files if task.are_jobs_known else None,
        "nFilesFinished": task.files_finished if task.are_jobs_known else None,
        "nFilesFailed": task.files_failed if task.are_jobs_known else None,
        "nFilesMissing": 0,
        "pctFinished": round(100 * task.files_finished / task.files) if task.files else 0,
        "pctFailed": round(100 * task.files_failed / task.files) if task.files else 0,
    }


def _wire_job(task: TwinTask, job: TwinJob) -> dict[str, Any]:
    return {
        "PandaID": job.job_id,
        "jediTaskID": task.task_id,
        "jobStatus": job.state,
        "computingSite": job.queue,
        "startTime": job.began,
        "endTime": job.ended,
        "actualCoreCount": 1,
        "attemptNr": 1,
        "Files": [],
    }


_TASK: Final = {"task_id": int}
_JOBS: Final = {"job_ids": list}
_METHODS: Final[Mapping[str, _Method]] = {
    "system/is_alive": _Method(_alive, "GET", {}),
    "task/submit": _Method(
        _submit, "POST", {"task_parameters": dict, "parent_tid": int}, {"parent_tid": None}
    ),
    "task/get_status": _Method(_status, "GET", _TASK),
    "task/get_task_parameters": _Method(_parameters, "GET", _TASK),
    "task/get_detailed_info": _Method(_details, "GET", _TASK),
    "task/get_tasks_detailed_info_since": _Method(
        _tasks_since,
        "GET",
        {"since": str, "filters": str, "n_tasks": int},
        {"since": None, "filters": None, "n_tasks": 500},
    ),
    "task/get_job_ids": _Method(_job_ids, "GET", _TASK),
    "job/get_status": _Method(_job_status, "GET", {**_JOBS, "timeout": int}, {"timeout": 60}),
    "job/get_description": _Method(_job_descriptions, None, _JOBS),
    "job/get_description_incl_archive": _Method(_job_descriptions, None, _JOBS),
    "task/kill": _Method(
        _command("kill"), "POST", {**_TASK, "broadcast": bool}, {"broadcast": False}, needs_owner=True
    ),
    "task/finish": _Method(
        _command("finish"),
        "POST",
        {**_TASK, "soft": bool, "broadcast": bool},
        {"soft": False, "broadcast": False},
        needs_owner=True,
    ),
    "task/retry": _Method(
        _command("retry"),
        "POST",
        {**_TASK, "new_parameters": dict, "no_child_retry": bool, "discard_events": bool}
        | {"disable_staging_mode": bool, "keep_gshare_priority": bool, "ignore_hard_exhausted": bool},
        {"new_parameters": None, "no_child_retry": False, "discard_events": False}
        | {"disable_staging_mode": False, "keep_gshare_priority": False, "ignore_hard_exhausted": False},
        needs_owner=True,
    ),
    "task/get_datasets_and_files": _Method(
        _files,
        "GET",
        {**_TASK, "dataset_types": object, "dataset_only": bool},
        {"dataset_types": ("input", "pseudo_input"), "dataset_only": False},
    ),
    "task/pause": _Method(_command("pause"), "POST", _TASK, needs_production=True),
    # Anybody of the organisation may, for any task.
    "task/reassign": _Method(
        _command("reassign"),
        "POST",
        {**_TASK, "site": str, "cloud": str, "nucleus": str, "mode": str},
        {"site": None, "cloud": None, "nucleus": None, "mode": None},
    ),
    "task/change_priority": _Method(
        _change_priority, "POST", {**_TASK, "priority": int}, needs_production=True
    ),
    "task/resume": _Method(_command("resume"), "POST", _TASK, needs_production=True),
}
