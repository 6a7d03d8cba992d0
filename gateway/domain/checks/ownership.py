"""Checks of ownership: every production task and dataset has a request, and every person is one person."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from gateway.domain.facts import DatasetFacts, PersonFacts, RequestFacts, TaskFacts
from gateway.domain.findings import (
    Evidence,
    Finding,
    Severity,
    about_request,
    dataset_subject,
    details,
    person_subject,
    task_subject,
)
from gateway.domain.names import DatasetName, TestTaskName, parse_task_name
from gateway.domain.states import FINAL_EXECUTIONS, Intent, execution_of
from gateway.errors import NamingError


def orphan_tasks(tasks: Iterable[TaskFacts], requests: Iterable[RequestFacts]) -> tuple[Finding, ...]:
    """Invariant 17: every production task (its name begins with PROD) belongs to a request we know.

    Our submission record decides, then the name. Test tasks and other people's tasks are no orphans.
    """
    known = list(requests)
    names = {request.name for request in known}
    submitted = {
        attempt.jedi_task_id for request in known for step in request.steps for attempt in step.attempts
    }
    return tuple(
        Finding(
            invariant=17,
            code="orphan-task",
            severity=Severity.WARNING,
            subject=task_subject(task.jedi_task_id),
            message=f"Task {task.jedi_task_id} ({task.name}) belongs to no request known here.",
            evidence=(Evidence("task name", task.name), Evidence("user", task.user_name or "not known")),
            suggestion="Import the request, or record the task as an attempt of one.",
        )
        for task in tasks
        if task.name.startswith("PROD")
        and task.jedi_task_id not in submitted
        and task.request_name not in names
        and request_of_task(task.name) not in names
    )


def request_of_task(name: str) -> str | None:
    """The request a task name speaks of; None for test tasks and names outside the grammar."""
    try:
        task = parse_task_name(name)
    except NamingError:
        return None
    return None if isinstance(task, TestTaskName) else str(task.request)


def orphan_datasets(
    datasets: Iterable[DatasetFacts], requests: Iterable[RequestFacts], scopes: Collection[str]
) -> tuple[Finding, ...]:
    """Invariant 17: every dataset in a production scope has a request we know, by record or by name."""
    names = {request.name for request in requests}
    return tuple(
        Finding(
            invariant=17,
            code="orphan-dataset",
            severity=Severity.WARNING,
            subject=dataset_subject(dataset.did),
            message=f"{dataset.did} lies in a production scope but belongs to no request known here.",
            evidence=(Evidence("account", dataset.account or "not known"),),
            suggestion=(
                "Import the request, have another one adopt it, or move what is not a production to another "
                "scope."
            ),
        )
        for dataset in datasets
        if dataset.did.partition(":")[0] in scopes
        and dataset.request_name not in names
        and request_of_dataset(dataset.did) not in names
    )


def request_of_dataset(did: str) -> str | None:
    """The request a DID speaks of; None for names outside the grammar."""
    try:
        return str(DatasetName.parse(did).request)
    except NamingError:
        return None


def widows(requests: Iterable[RequestFacts], datasets: Iterable[DatasetFacts]) -> tuple[Finding, ...]:
    """Invariant 17: every accepted request has a dataset.

    Give all datasets known: none at all proves nothing.
    """
    known = list(datasets)
    if not known:
        return ()
    owners = {dataset.request_name or request_of_dataset(dataset.did) for dataset in known}
    return tuple(
        about_request(
            request.name,
            17,
            "widow",
            Severity.WARNING,
            f"{request.name} is ACCEPTED, but Rucio has no dataset of it.",
            suggestion="Look for its data, or mark it obsolete.",
        )
        for request in requests
        if request.intent is Intent.ACCEPTED and request.name not in owners
    )


def person_is_known_everywhere(person: PersonFacts) -> tuple[Finding, ...]:
    """Invariant 18: whoever acts in PanDA or Rucio is known to IAM; being in IAM alone is no finding.

    A name that several people in IAM go by is another finding (`panda_name_means_one_person`).
    """
    panda_name = None if len(person.may_be) > 1 else person.panda_name
    foreign = {"PanDA": panda_name, "Rucio": person.rucio_account}
    if person.iam_subject is not None or not any(foreign.values()):
        return ()
    evidence = tuple(Evidence(f"name in {service}", name) for service, name in foreign.items() if name)
    services = " and ".join(service for service, name in foreign.items() if name)
    message = f"{person.user_name} acts in {services} but is not in IAM."
    return (_about_person(person, "not-in-iam", message, *evidence),)


def panda_name_means_one_person(person: PersonFacts) -> tuple[Finding, ...]:
    """Invariant 18: a name in PanDA, which PanDA makes of the display name in IAM, means one person."""
    suggestion = "Have each of them have a display name of their own in IAM, that is nobody's user name."
    found = []
    if len(person.may_be) > 1:
        found.append(
            _about_person(
                person,
                "panda-name-ambiguous",
                f"{person.user_name} in PanDA may be any of {len(person.may_be)} people in IAM; what was "
                "done under that name is shown as nobody's.",
                *(Evidence("may be", name, person_subject(name)) for name in person.may_be),
                suggestion=suggestion,
            )
        )
    if person.namesakes:
        names = " and ".join(sorted({name for name, _ in person.namesakes}))
        found.append(
            _about_person(
                person,
                "panda-name-shared",
                f"{names} in PanDA is taken for {person.user_name}, but somebody else in IAM goes by it too.",
                *(
                    Evidence(f"also goes by {name}", other, person_subject(other))
                    for name, other in person.namesakes
                ),
                suggestion=suggestion,
            )
        )
    return tuple(found)


def identities_are_unique(people: Iterable[PersonFacts]) -> tuple[Finding, ...]:
    """Invariant 18: no name in PanDA, account in Rucio or IAM subject belongs to two people."""
    owners: defaultdict[tuple[str, str], list[PersonFacts]] = defaultdict(list)
    for person in people:
        for service, name in (
            ("IAM", person.iam_subject),
            ("PanDA", person.panda_name),
            ("Rucio", person.rucio_account),
        ):
            if name is not None:
                owners[service, name].append(person)
    return tuple(
        _about_person(
            sharing[0],
            "identity-shared",
            f"{name} in {service} stands for {len(sharing)} people.",
            Evidence(f"name in {service}", name),
            *(
                Evidence("also used by", other.user_name, person_subject(other.user_name))
                for other in sharing[1:]
            ),
        )
        for (service, name), sharing in owners.items()
        if len(sharing) > 1
    )


def disabled_person_owns_nothing_live(
    person: PersonFacts, tasks: Sequence[TaskFacts], datasets: Sequence[DatasetFacts]
) -> tuple[Finding, ...]:
    """Invariant 18: a person disabled in IAM owns no live task and no dataset that a rule keeps.

    Give the person's own tasks and datasets. Silent when IAM did not say whether the person is active.
    """
    if person.is_active is not False:
        return ()
    live = [task for task in tasks if execution_of(task.status) not in FINAL_EXECUTIONS]
    kept = [dataset for dataset in datasets if dataset.rule_count]
    if not live and not kept:
        return ()
    message = f"{person.user_name} is disabled but owns {len(live)} live tasks and {len(kept)} kept datasets."
    evidence = (
        *details("live task", [(task.name, task_subject(task.jedi_task_id)) for task in live]),
        *details("kept dataset", [(dataset.did, dataset_subject(dataset.did)) for dataset in kept]),
    )
    return (_about_person(person, "disabled-owner", message, *evidence),)


def _about_person(
    person: PersonFacts, code: str, message: str, *evidence: Evidence, suggestion: str | None = None
) -> Finding:
    return Finding(
        invariant=18,
        code=code,
        severity=Severity.WARNING,
        subject=person_subject(person.user_name),
        message=message,
        evidence=evidence,
        suggestion=suggestion,
    )
