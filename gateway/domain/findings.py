"""What a check says when an invariant does not hold: about what, how bad, on which evidence, what to do."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

# The label of the evidence that says which step of a request is meant.
STEP: Final = "step"

# A person reads this many names; who wants all of them asks for the list itself.
MOST_DETAILS: Final = 10


@unique
class Severity(StrEnum):
    """BLOCKER stops the change it is found in; WARNING wants a person; INFO is worth knowing."""

    BLOCKER = "BLOCKER"
    WARNING = "WARNING"
    INFO = "INFO"


@unique
class SubjectKind(StrEnum):
    """The kinds of things findings are about."""

    REQUEST = "REQUEST"
    TASK = "TASK"
    DATASET = "DATASET"
    PERSON = "PERSON"
    STORAGE = "STORAGE"
    SITE = "SITE"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One thing: a request by name, a task by jediTaskID, a dataset by DID, a person by user name."""

    kind: SubjectKind
    key: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact a finding rests on, as text without rounding; `subject` is what to look at for it.

    A detail comes and goes without making it another finding.
    """

    label: str
    value: str
    subject: Subject | None = None
    is_detail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken invariant (numbered as in `checks.catalogue`) on one subject.

    `request_name` is the request it concerns, where the subject is something else; `code` is a stable slug to
    filter by. The message is a sentence that stands alone.
    """

    invariant: int
    code: str
    severity: Severity
    subject: Subject
    message: str
    evidence: tuple[Evidence, ...] = ()
    suggestion: str | None = None
    request_name: str | None = None

    @property
    def key(self) -> str:
        """32 characters that are the same whenever the same thing is found again.

        Made of code, subject, step and the things the evidence points to, but not of its other values nor of
        details: a loss that grows is the same finding, a third overlapping request is another one.
        """
        things = sorted(
            f"{item.label} {item.subject.kind} {item.subject.key}"
            for item in self.evidence
            if item.subject and not item.is_detail
        )
        things += [f"{STEP} {item.value}" for item in self.evidence if item.label == STEP]
        identity = "\n".join((self.code, self.subject.kind, self.subject.key, *things))
        return hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()


def details(label: str, things: Sequence[tuple[str, Subject]]) -> tuple[Evidence, ...]:
    """Point to things as details, the first MOST_DETAILS of them, and count the rest."""
    shown = tuple(Evidence(label, value, subject, is_detail=True) for value, subject in things[:MOST_DETAILS])
    left = len(things) - len(shown)
    return (*shown, Evidence(label, f"and {left} more", is_detail=True)) if left else shown


def about_request(
    name: str,
    invariant: int,
    code: str,
    severity: Severity,
    message: str,
    *evidence: Evidence,
    suggestion: str | None = None,
) -> Finding:
    """A finding whose subject is a request."""
    return Finding(
        invariant=invariant,
        code=code,
        severity=severity,
        subject=request_subject(name),
        message=message,
        evidence=evidence,
        suggestion=suggestion,
        request_name=name,
    )


def request_subject(name: str) -> Subject:
    """A request as the subject of a finding."""
    return Subject(SubjectKind.REQUEST, name)


def task_subject(jedi_task_id: int) -> Subject:
    """A PanDA task as the subject of a finding."""
    return Subject(SubjectKind.TASK, str(jedi_task_id))


def dataset_subject(did: str) -> Subject:
    """A Rucio dataset as the subject of a finding."""
    return Subject(SubjectKind.DATASET, did)


def person_subject(user_name: str) -> Subject:
    """A person as the subject of a finding."""
    return Subject(SubjectKind.PERSON, user_name)
