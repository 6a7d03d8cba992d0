"""SCIM users and groups as our records: only the fields named here are taken, all else stays where it was.

A SCIM user also carries e-mail addresses, certificates, SSH keys and identities elsewhere; none of them is
read, so none can leave.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.upstreams.iam.client import Entry
from gateway.upstreams.ports import Record

# INDIGO IAM's extensions of SCIM (documentation of 1.14).
USER_EXTENSION: Final = "urn:indigo-dc:scim:schemas:IndigoUser"
GROUP_EXTENSION: Final = "urn:indigo-dc:scim:schemas:IndigoGroup"


@dataclass(frozen=True, slots=True)
class User:
    """What is kept of a user: the record, and the groups by id with the names that the user's entry gives."""

    record: Record
    groups: Mapping[str, str]


def user_of(entry: Entry) -> User:
    """Return what we keep of a user; whether the account is active is never guessed."""
    extension = _object(entry.get(USER_EXTENSION))
    record: dict[str, object] = {
        "subject": entry["id"],
        "username": entry.get("userName"),
        "display_name": _full_name(entry),
        "is_active": entry.get("active"),
        "membership_ends_at": _moment(extension.get("endTime")),
    }
    # Older versions do not know service accounts: then nothing is said, rather than "no".
    if "serviceAccount" in extension:
        record["is_service"] = extension["serviceAccount"]
    return User(record, dict(_groups(entry)))


def group_of(entry: Entry) -> Record:
    """Return the record of a group, whose display name is its full path ("spd/production")."""
    extension = _object(entry.get(GROUP_EXTENSION))
    return {"name": entry.get("displayName"), "description": extension.get("description") or None}


def members_of(user: User, group_names: Mapping[str, str]) -> Iterator[Record]:
    """Yield a user's memberships; a group is called as its own entry says, which may be newer."""
    for group_id, name in user.groups.items():
        yield {"subject": user.record["subject"], "group_name": group_names.get(group_id, name)}


def _groups(entry: Entry) -> Iterator[tuple[str, str]]:
    groups = entry.get("groups")
    for group in groups if isinstance(groups, list) else []:
        said = _object(group)
        group_id, name = said.get("value"), said.get("display")
        if isinstance(group_id, str):
            yield group_id, name if isinstance(name, str) and name else group_id


def _full_name(entry: Entry) -> object:
    name = _object(entry.get("name"))
    parts = [name.get("givenName"), name.get("familyName")]
    return name.get("formatted") or " ".join(part for part in parts if isinstance(part, str)) or None


def _object(value: object) -> Entry:
    return value if isinstance(value, Mapping) else {}


def _moment(value: object) -> object:
    """A moment in UTC; IAM gives its offset, and one without is UTC."""
    if not isinstance(value, str):
        return value
    try:
        read = dt.datetime.fromisoformat(value)
    except ValueError:
        return value
    return (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).isoformat()
