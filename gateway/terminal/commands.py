"""Commands for people: what is there, what it is doing, and what to do next, asked of a running gateway."""

import json
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.client import AnswerError, Gateway
from gateway.errors import InputError
from gateway.terminal.tables import Format, shown, value_at, written
from gateway.terminal.things import DETAILS, KINDS, Kind, kind_of_id, selection_of

people_app = typer.Typer()

# What an execution means at the end of a `watch`; anything else goes on.
ENDED: Final[Mapping[str, int]] = {"COMPLETE": 0, "PARTIAL": 1, "FAILED": 1, "ABORTED": 1}
_MOST_ROWS: Final = 10_000

Url = Annotated[
    str | None,
    typer.Option(help="The gateway to ask.", envvar="GATEWAY_URL", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, as the gateway answers.")]
Form = Annotated[Format, typer.Option("--format", help="How to print rows.")]
Key = Annotated[
    str | None, typer.Option(help="A text of yours; asked again under it, nothing is done twice.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="As it was at a moment, such as 2026-03-01T12:00:00Z.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether you are sure.")]
Id = Annotated[
    str, typer.Argument(help="PROD2025-016, a task's number, scope:name, or a site.", show_default=False)
]


@people_app.command("ls")
def list_command(
    what: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")] = "requests",
    match: Annotated[str | None, typer.Option(help="Only names that contain this.")] = None,
    status: Annotated[
        str | None, typer.Option(help="Only requests or tasks of this execution, such as RUNNING,PARTIAL.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Fields to show, such as name,status,request.intent.")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many rows at most.", min=1, max=_MOST_ROWS)] = 50,
    as_of: AsOf = None,
    form: Form = Format.TABLE,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List requests, tasks, datasets, sites or findings."""
    kind = _kind(what)
    shown_columns = tuple(columns.split(",")) if columns else kind.columns
    condition: dict[str, object] = {}
    if match is not None:
        condition[kind.searched] = {"contains": match}
    if status is not None:
        if what not in {"requests", "tasks"}:
            raise InputError(f"{what} have no execution: --status is for requests and tasks")
        condition["execution"] = [word.strip().upper() for word in status.split(",")]
    with Gateway(url) as gateway:
        there = gateway.at(as_of) if as_of else gateway
        _print_list(there, kind, condition, shown_columns, limit, Format.JSON if as_json else form)


@people_app.command("changes")
def changes_command(
    since: Annotated[str, typer.Option(help="From when on: 2026-03-01T12:00:00Z.", show_default=False)],
    what: Annotated[str, typer.Argument(help=f"One of {', '.join(KINDS)}.")] = "tasks",
    until: Annotated[str | None, typer.Option(help="Until when; now if it is left out.")] = None,
    columns: Annotated[str | None, typer.Option(help="Fields to compare.")] = None,
    form: Form = Format.TABLE,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List what became of requests, tasks, datasets, sites or findings between two moments."""
    kind = _kind(what)
    fields = (kind.key, *(columns.split(",") if columns else kind.columns))
    document = f"{{ {kind.lists}(sort: [{{by: {kind.sort}}}]) {{ nodes {{ {selection_of(fields)} }} }} }}"
    with Gateway(url) as gateway:
        rows = gateway.changes(document, since=since, until=until, key=kind.key)
    _print_rows(rows, (kind.key, "change", "field", "before", "after"), Format.JSON if as_json else form)


@people_app.command("findings")
def findings_command(
    request: Annotated[str | None, typer.Argument(help="Only of this request.", show_default=False)] = None,
    severity: Annotated[str | None, typer.Option(help="ERROR, WARNING or INFO, one or more.")] = None,
    limit: Annotated[int, typer.Option(help="How many rows at most.", min=1, max=_MOST_ROWS)] = 50,
    form: Form = Format.TABLE,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List what does not fit; the exit code is 1 when anything is found."""
    kind = KINDS["findings"]
    condition: dict[str, object] = {}
    if request is not None:
        condition["requestName"] = {"eq": _request_in(request)}
    if severity is not None:
        condition["severity"] = [word.strip().upper() for word in severity.split(",")]
    with Gateway(url) as gateway:
        rows = _print_list(gateway, kind, condition, kind.columns, limit, Format.JSON if as_json else form)
    if rows:
        raise typer.Exit(1)


@people_app.command("show")
def show_command(
    thing: Id, as_of: AsOf = None, form: Form = Format.TABLE, as_json: Json = False, url: Url = None
) -> None:
    """Show one thing with what belongs to it; the exit code is 1 when it is not there."""
    name, key = kind_of_id(thing)
    kind = KINDS[name]
    document = (
        f"query ($key: {kind.key_type}) {{ {kind.one}({kind.key}: $key) {{ __typename "
        f"... on {kind.type_name} {{ {selection_of(kind.columns)} {DETAILS[name]} }} "
        f"{_absences(name)} }} }}"
    )
    with Gateway(url) as gateway:
        there = gateway.at(as_of) if as_of else gateway
        found = there.query(document, key=key)[kind.one]
    if found.pop("__typename") != kind.type_name:
        typer.echo(found["message"], err=True)
        raise typer.Exit(1)
    _print_thing(found, Format.JSON if as_json else form)


@people_app.command("clone")
def clone_command(
    request: Annotated[str, typer.Argument(help="The request to make another like.", show_default=False)],
    times: Annotated[int, typer.Option(help="How many.", min=1, max=20)] = 1,
    key: Key = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Make drafts like a request, with the next free seeds, and print their names."""
    document = """
    mutation ($name: String!, $times: Int!, $key: String!) {
      cloneRequest(name: $name, times: $times, idempotencyKey: $key) {
        __typename
        ... on RequestsCloned { requests { name seeds events intent } }
        ... on Refusal { code message }
      }
    }
    """
    given = {"name": _request_in(request), "times": times, "key": key or str(uuid.uuid4())}
    with Gateway(url) as gateway:
        made = gateway.query(document, **given)["cloneRequest"]
    _end_if_refused(made, "RequestsCloned", as_json=as_json)
    _print_rows(made["requests"], ("name", "seeds", "events", "intent"), _form(as_json))


@people_app.command("submit")
def submit_command(
    request: Annotated[str, typer.Argument(help="The request.", show_default=False)],
    mode: Annotated[
        str | None, typer.Option(help="GATED: each step when the one before it is done; or NATIVE.")
    ] = None,
    key: Key = None,
    yes: Yes = False,
    follow: Annotated[bool, typer.Option("--watch", help="Follow it to its end.")] = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Send every step of a request that was never sent, in your name; exit code 1 when it is refused."""
    name = _request_in(request)
    if not yes:
        typer.confirm(f"Send {name} to PanDA?", abort=True, err=True)
    with Gateway(url) as gateway:
        sent = gateway.submit(name, mode=mode.upper() if mode else None, key=key)
        _end_if_refused(sent, "Submitted", as_json=as_json)
        for warning in sent["warnings"]:
            typer.echo(f"warning: {warning}", err=True)
        _print_rows(sent["attempts"], ("key", "state", "jediTaskId"), _form(as_json))
        if follow:
            raise typer.Exit(_follow(gateway, "requests", name))


@people_app.command("retry")
def retry_command(
    tasks: Annotated[list[int], typer.Argument(help="Numbers of tasks.", show_default=False)],
    yes: Yes = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Have PanDA run the failed jobs of tasks again; exit code 1 when one cannot be retried."""
    document = """
    mutation ($tasks: [BigInt!]!, $isDry: Boolean!) {
      steerTasks(jediTaskIds: $tasks, command: RETRY, dryRun: $isDry) {
        tasks { jediTaskId isPossible state message }
      }
    }
    """
    columns = ("jediTaskId", "isPossible", "state", "message")
    with Gateway(url) as gateway:
        steered = gateway.query(document, tasks=tasks, isDry=True)["steerTasks"]["tasks"]
        if all(one["isPossible"] for one in steered):
            if not yes:
                typer.echo(written(steered, columns, Format.TABLE), err=True)
                typer.confirm(f"Retry {len(steered)} tasks?", abort=True, err=True)
            steered = gateway.query(document, tasks=tasks, isDry=False)["steerTasks"]["tasks"]
    _print_rows(steered, columns, _form(as_json))
    if not all(one["isPossible"] and one["state"] != "REFUSED" for one in steered):
        raise typer.Exit(1)


@people_app.command("watch")
def watch_command(thing: Id, url: Url = None) -> None:
    """Follow a request or a task to its end; exit code 0 when it is complete, 1 when it ended otherwise."""
    name, key = kind_of_id(thing)
    if name not in {"requests", "tasks"}:
        raise InputError("watch a request (PROD2025-016) or a task (365)")
    with Gateway(url) as gateway:
        raise typer.Exit(_follow(gateway, name, key))


@people_app.command("files")
def files_command(
    request: Annotated[str, typer.Argument(help="The request.", show_default=False)],
    output: Annotated[str, typer.Argument(help="The output, such as RECO.R.", show_default=False)],
    site: Annotated[str | None, typer.Option(help="Prefer copies at this site.")] = None,
    protocol: Annotated[str | None, typer.Option(help="root or davs.")] = None,
    matched: Annotated[
        str | None, typer.Option("--with", help="Only seeds that these outputs have too, such as S,P.")
    ] = None,
    attempt: Annotated[int | None, typer.Option(help="Only this attempt's.", min=1)] = None,
    strict: Annotated[bool, typer.Option(help="Exit code 1 when any seed is missing.")] = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Print where the files of a sample are, one a line; how many of how many goes to standard error."""
    with Gateway(url) as gateway:
        found = gateway.files(
            _request_in(request),
            output,
            site=site,
            protocol=protocol,
            matched=tuple(matched.split(",")) if matched else (),
            attempt=attempt,
        )
    typer.echo(json.dumps(found, indent=2) if as_json else "\n".join(found))
    missing = f"; seeds {found.missing_seeds} are missing" if found.missing_seeds else ""
    stale = ", which is not the present: Rucio does not answer" if found.is_stale else ""
    typer.echo(f"{len(found)} of {found.expected} at {found.taken_at}{stale}{missing}", err=True)
    if strict and not found.is_complete:
        raise typer.Exit(1)


def _kind(what: str) -> Kind:
    kind = KINDS.get(what)
    if kind is None:
        raise InputError(f"there are no {what[:30]!r} to list; there are {', '.join(KINDS)}")
    return kind


def _absences(name: str) -> str:
    """What a look-up gives besides the thing: requests are our own, so that nothing is unknown of them."""
    unknown = "" if name == "requests" else " ... on Unknown { message }"
    return f"... on Absent {{ message }}{unknown}"


def _request_in(text: str) -> str:
    name, key = kind_of_id(text)
    if name != "requests":
        raise InputError(f"{text[:60]!r} is no request; write its name, such as PROD2025-016")
    return str(key)


def _print_list(
    gateway: Gateway,
    kind: Kind,
    condition: Mapping[str, object],
    columns: Sequence[str],
    limit: int,
    form: Format,
) -> int:
    """Print rows of a list up to a limit, say if there are more, and return how many were printed."""
    document = (
        f"query ($filter: {kind.type_name}Filter) {{ {kind.lists}(first: {min(limit, 500)}, filter: $filter, "
        f"sort: [{{by: {kind.sort}}}]) {{ nodes {{ {selection_of(tuple(columns))} }} }} }}"
    )
    rows: list[dict[str, Any]] = []
    for row in gateway.rows(document, filter=condition):
        if len(rows) == limit:
            typer.echo(f"only the first {limit}; see more with --limit", err=True)
            break
        rows.append(row)
    _print_rows(rows, columns, form)
    return len(rows)


def _form(as_json: bool) -> Format:
    return Format.JSON if as_json else Format.TABLE


def _print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: Format) -> None:
    width = Console().width if sys.stdout.isatty() else None
    typer.echo(written(rows, columns, form, width=width))


def _print_thing(found: Mapping[str, Any], form: Format) -> None:
    if form is Format.JSON:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    # Of a list that has pages the rows are shown like those of any other.
    found = {
        name: value["nodes"] if isinstance(value, dict) and "nodes" in value else value
        for name, value in found.items()
    }
    lists = {name: value for name, value in found.items() if isinstance(value, list)}
    plain = dict(_flat({name: value for name, value in found.items() if name not in lists}))
    facts = [{"field": name, "value": value} for name, value in plain.items() if value is not None]
    _print_rows(facts, ("field", "value"), form)
    for name, rows in lists.items():
        flat = [dict(_flat(row)) for row in rows]
        columns = list(dict.fromkeys(column for row in flat for column in row))
        if columns:
            typer.echo(f"\n{name}")
            _print_rows(
                [{column: shown(row.get(column)) for column in columns} for row in flat], columns, form
            )


def _flat(row: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in row.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}_")
        else:
            found.append((f"{before}{name}", value))
    return found


def _end_if_refused(answer: Mapping[str, Any], wanted: str, *, as_json: bool) -> None:
    if answer["__typename"] == wanted:
        return
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    typer.echo(f"refused: {answer.get('message', answer['__typename'])}", err=True)
    for problem in answer.get("problems") or ():
        typer.echo(f"  {problem['field']}: {problem['message']}", err=True)
    for finding in answer.get("findings") or ():
        typer.echo(f"  {finding['code']}: {finding['message']}", err=True)
    raise typer.Exit(1)


_TASK: Final = "jediTaskId name status execution jobsFinished jobsExpected"
_REQUEST: Final = """
  name execution jobs
  steps { kind execution latestAttempt { task { status jobsFinished jobsExpected } } }
"""


def _follow(gateway: Gateway, name: str, key: object) -> int:
    """Show how far a request or a task is until it has ended; return the exit code."""
    kind = KINDS[name]
    fields = _REQUEST if name == "requests" else _TASK
    question = (
        f"query ($key: {kind.key_type}) {{ {kind.one}({kind.key}: $key) {{ __typename "
        f"... on {kind.type_name} {{ {fields} }} {_absences(name)} }} }}"
    )
    now = gateway.query(question, key=key)[kind.one]
    if now["__typename"] != kind.type_name:
        raise AnswerError([now])
    with _Bars() as show:
        show(now)
        if now["execution"] in ENDED:
            return ENDED[now["execution"]]
        told = f"{kind.one}Changed"
        subscription = (
            f"subscription ($key: {kind.key_type[:-1]}) {{ {told}({kind.key}: $key) {{ {fields} }} }}"
        )
        for answer in gateway.watch(subscription, ask_first=question, key=key):
            # Asked again as soon as changes are told: an end in between is told by nobody.
            now = answer.get(told) or answer[kind.one]
            if told in answer or now.get("execution") in ENDED:
                show(now)
            if now.get("execution") in ENDED:
                return ENDED[now["execution"]]
    raise AssertionError("what is watched has no end")


class _Bars:
    """Bars on a terminal, one line for each change elsewhere."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._bars: dict[str, Any] = {}
        self._said = ""
        if sys.stderr.isatty():
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
            )

    def __enter__(self) -> Callable[[Mapping[str, Any]], None]:
        if self._progress is not None:
            self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _show(self, now: Mapping[str, Any]) -> None:
        steps = now.get("steps") or [{"kind": now["name"], "latestAttempt": {"task": now}, **now}]
        lines = []
        for step in steps:
            task = value_at(step, "latestAttempt.task") or {}
            done, total = task.get("jobsFinished") or 0, task.get("jobsExpected")
            lines.append(f"{step['kind']} {step['execution']} {done}/{shown(total) or '?'}")
            if self._progress is not None:
                bar = self._bars.get(step["kind"])
                if bar is None:
                    bar = self._bars[step["kind"]] = self._progress.add_task("", total=None)
                said = f"{step['kind']} {step['execution']}"
                self._progress.update(bar, description=said, completed=done, total=total)
        said = f"{now['name']}: {now['execution']}; {', '.join(lines)}"
        if said != self._said and self._progress is None:
            typer.echo(said)
        self._said = said
