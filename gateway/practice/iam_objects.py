"""The practice world in the words of INDIGO IAM: SCIM users and groups, with all that real ones carry.

E-mail addresses, certificates and keys are made up and marked: they are there to be left where they are.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.practice.people import GROUPS, RoleAccount, groups, people
from gateway.practice.people import ROLE_ACCOUNTS as ACCOUNTS
from gateway.practice.talk import Record

# Stands in everything of a user that must not leave IAM.
PRIVATE: Final = "private-marker"
USER_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
INDIGO_USER: Final = "urn:indigo-dc:scim:schemas:IndigoUser"
PERSONAL_SCOPES: Final = frozenset({"openid", "profile", "email", "offline_access", "wlcg.groups"})
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - the name of a grant
INDIGO_GROUP: Final = "urn:indigo-dc:scim:schemas:IndigoGroup"
# Group ids are made from their names, so that they are the same in every run.
_NAMESPACE: Final = uuid.UUID("00000000-0000-4000-8000-0000000000ff")


@dataclass(slots=True)
class IamClientAccount:
    """A registered client: what it may ask for, how, and where its logins may return to.

    A client with an empty secret is a public one.
    """

    secret: str = field(repr=False)
    scopes: frozenset[str]
    redirect_uris: tuple[str, ...] = ()
    grant_types: frozenset[str] = frozenset({"client_credentials"})


@dataclass(slots=True)
class IamState:
    """What the practice IAM knows; tests change it directly.

    `keeps_order` off gives each list another order at each request, as a table without one may.
    `has_slash_in_tokens` says how access tokens spell the issuer: IAM writes it as it was configured.
    """

    users: dict[str, Record] = field(default_factory=dict)
    groups: dict[str, Record] = field(default_factory=dict)
    clients: dict[str, IamClientAccount] = field(default_factory=dict)
    keeps_order: bool = True
    has_slash_in_tokens: bool = False
    token_lifetime_s: int = 3600


def practice_iam(at: dt.datetime) -> IamState:
    """Return the practice world's IAM at a moment, with a client that may read it; the same each time."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    stamp = today.isoformat()
    by_subject = {account.subject: account for account in ACCOUNTS}
    return IamState(
        users={
            str(one["subject"]): user(one, by_subject[str(one["subject"])], stamp) for one in people(today)
        },
        groups={group_id(str(one["name"])): group(one, stamp) for one in groups()},
        clients={
            "gateway-sync": IamClientAccount("practice-secret", frozenset({"scim:read"})),
            "gateway-login": IamClientAccount(
                "practice-secret",
                PERSONAL_SCOPES,
                ("http://127.0.0.1:8000/auth/callback", "http://localhost:8000/auth/callback"),
                frozenset({"client_credentials", "authorization_code", "refresh_token", TOKEN_EXCHANGE}),
            ),
            # A program with a name and rights of its own.
            "sampo": IamClientAccount("practice-secret", frozenset({"openid", "profile", "wlcg.groups"})),
            # For people at a command line; real installations prefer the device flow.
            "practice-shell": IamClientAccount(
                "", PERSONAL_SCOPES, grant_types=frozenset({"password", "refresh_token"})
            ),
        },
    )


def group_id(name: str) -> str:
    """The id of a group of the practice world."""
    return str(uuid.uuid5(_NAMESPACE, name))


def user(person: Record, account: RoleAccount, stamp: str) -> Record:
    """A SCIM user as IAM writes it; what is empty is left out."""
    first, _space, last = account.display_name.partition(" ")
    extension: Record = {
        "oidcIds": [{"issuer": "https://sso.practice.example/", "subject": f"{PRIVATE}-sso"}],
        "sshKeys": [{"display": "key", "value": f"ssh-ed25519 {PRIVATE}", "fingerprint": f"{PRIVATE}-print"}],
        "certificates": [
            {
                "subjectDn": f"CN={PRIVATE},DC=practice",
                "issuerDn": "CN=Practice CA",
                "hasProxyCertificate": False,
            }
        ],
        "serviceAccount": person["is_service"],
    }
    if person["membership_ends_at"] is not None:
        extension["endTime"] = person["membership_ends_at"]
    return {
        "id": person["subject"],
        "meta": {"created": stamp, "lastModified": stamp, "resourceType": "User"},
        "schemas": [USER_SCHEMA, INDIGO_USER],
        "userName": person["username"],
        "name": {"givenName": first, "familyName": last, "formatted": account.display_name},
        "displayName": person["username"],
        "active": person["is_active"],
        "emails": [{"type": "work", "value": f"{PRIVATE}@practice.example", "primary": True}],
        "groups": [{"display": name, "value": group_id(name)} for name in account.groups],
        INDIGO_USER: extension,
    }


def group(record: Record, stamp: str) -> Record:
    """A SCIM group as IAM writes it: it has a full path for a name, and no members."""
    name = str(record["name"])
    parent = name.rpartition("/")[0]
    extension: Record = {"description": record["description"]}
    if parent in GROUPS:
        extension["parentGroup"] = {"display": parent, "value": group_id(parent)}
    return {
        "id": group_id(name),
        "meta": {"created": stamp, "lastModified": stamp, "resourceType": "Group"},
        "schemas": [GROUP_SCHEMA, INDIGO_GROUP],
        "displayName": name,
        INDIGO_GROUP: extension,
    }


def many_users(count: int, at: dt.datetime) -> Iterator[Record]:
    """Made-up users beside those of the practice world, each in the group that everybody is in."""
    for number in range(1, count + 1):
        subject = f"00000000-0000-4000-9000-{number:012}"
        account = RoleAccount(subject, f"user{number:05}", f"User {number}", ("spd",))
        person: Record = {
            "subject": subject,
            "username": account.username,
            "is_active": True,
            "is_service": False,
            "membership_ends_at": None,
        }
        yield user(person, account, at.isoformat())
