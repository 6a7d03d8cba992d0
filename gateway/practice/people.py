"""The practice world's people: role accounts and their IAM groups, all of them made up."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.practice.talk import Record


@dataclass(frozen=True, slots=True)
class RoleAccount:
    """A person, or a program, of the practice world; the subject is what IAM would call it."""

    subject: str
    username: str
    display_name: str
    groups: tuple[str, ...]
    is_service: bool = False


ROLE_ACCOUNTS: Final = (
    RoleAccount(
        "00000000-0000-4000-8000-000000000001", "prodman", "Production Manager", ("spd", "spd/production")
    ),
    RoleAccount("00000000-0000-4000-8000-000000000002", "voadmin", "VO Administrator", ("spd", "spd/admins")),
    RoleAccount("00000000-0000-4000-8000-000000000003", "analyst", "Analyst", ("spd", "spd/analysis")),
    RoleAccount("00000000-0000-4000-8000-000000000004", "operator", "Operator", ("spd", "spd/operations")),
    RoleAccount(
        "00000000-0000-4000-8000-000000000005",
        "sampo",
        "Sampo Service",
        ("spd", "spd/production"),
        is_service=True,
    ),
)
GROUPS: Final = {
    "spd": "Everybody in the collaboration",
    "spd/production": "May submit productions",
    "spd/analysis": "Physics analysis",
    "spd/operations": "Keeps the services running",
    "spd/admins": "Administers the virtual organisation",
}


def people(today: dt.datetime) -> Iterator[Record]:
    """The IAM accounts; the analyst's membership is about to end."""
    ending = (today + dt.timedelta(days=40)).isoformat()
    for account in ROLE_ACCOUNTS:
        yield {
            "subject": account.subject,
            "username": account.username,
            "display_name": account.display_name,
            "is_active": True,
            "is_service": account.is_service,
            "membership_ends_at": ending if account.username == "analyst" else None,
        }


def groups() -> Iterator[Record]:
    """The IAM groups."""
    for name, description in GROUPS.items():
        yield {"name": name, "description": description}


def group_members() -> Iterator[Record]:
    """Who is in which group."""
    for account in ROLE_ACCOUNTS:
        for group in account.groups:
            yield {"subject": account.subject, "group_name": group}
