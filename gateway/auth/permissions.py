"""Who may do what: one table of roles and rights, and nothing that is not in it is allowed."""

import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final


class Right(enum.StrEnum):
    """What a viewer may do; nothing is allowed that is not listed for them."""

    READ = "read"
    """See productions, tasks, datasets, sites, and the names and groups of people."""
    READ_FILES = "read_files"
    """Read lists of files; whoever may read may, and a token can be made that may nothing else."""
    READ_QUOTAS = "read_quotas"
    """See how much other people may keep and keep; everybody sees their own."""
    READ_PERSONAL = "read_personal"
    """See personal data of others such as names of certificates; at present none is kept."""
    INTROSPECT = "introspect"
    """Ask the schema about itself."""
    COMMENT = "comment"
    """Write comments on requests."""
    DEFINE = "define"
    """Make requests, change and clone them, while they are not approved."""
    APPROVE = "approve"
    """Approve requests, put them on hold, cancel them."""
    ACCEPT = "accept"
    """Accept or reject what a request produced, and declare it obsolete."""
    SUBMIT = "submit"
    """Send steps to PanDA, in one's own name."""
    STEER = "steer"
    """Retry, stop, pause and move tasks that run."""
    MANAGE_RULES = "manage_rules"
    """Add, extend and remove replication rules in Rucio, in one's own name."""
    REPAIR = "repair"
    """Make attempts that redo exactly what is missing."""
    ACKNOWLEDGE = "acknowledge"
    """Take note of findings with a reason, and adopt tasks and datasets that no request claims."""
    MANAGE_REGISTRIES = "manage_registries"
    """Change campaigns, software versions, geometries and templates."""
    OPERATE = "operate"
    """Have a source read at once, and let a held removal through."""
    READ_AUDIT = "read_audit"
    """See who did what."""
    OWN_TOKENS = "own_tokens"
    """Make and revoke access tokens for oneself, which can only read, and choose what one is told of."""
    ADMINISTER = "administer"
    """End other people's logins and tokens, and have programs told by webhooks."""


class Role(enum.StrEnum):
    """What somebody is to the production system; IAM groups say it, by the settings."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    PRODUCTION_MANAGER = "production-manager"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


# What is left of a role while it is in doubt: looking at what every member sees.
LOOK: Final = frozenset({Right.READ, Right.READ_FILES, Right.INTROSPECT})
_PERSON: Final = LOOK | {Right.OWN_TOKENS}
_OPERATE: Final = frozenset(
    {
        Right.READ_QUOTAS,
        Right.COMMENT,
        Right.STEER,
        Right.MANAGE_RULES,
        Right.REPAIR,
        Right.ACKNOWLEDGE,
        Right.OPERATE,
    }
)

# Whoever decides (the production manager) does not keep the trail of decisions; whoever does (the
# administrator) submits nothing.
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.VIEWER: _PERSON,
        Role.ANALYST: _PERSON | {Right.COMMENT, Right.DEFINE},
        Role.OPERATOR: _PERSON | _OPERATE,
        Role.PRODUCTION_MANAGER: _PERSON
        | _OPERATE
        | {Right.DEFINE, Right.APPROVE, Right.ACCEPT, Right.SUBMIT, Right.MANAGE_REGISTRIES},
        Role.ADMINISTRATOR: _PERSON
        | {
            Right.READ_QUOTAS,
            Right.READ_PERSONAL,
            Right.COMMENT,
            Right.ACKNOWLEDGE,
            Right.MANAGE_REGISTRIES,
            Right.OPERATE,
            Right.READ_AUDIT,
            Right.ADMINISTER,
        },
        # A program such as Sampo follows productions; what else it may do, its further roles say.
        Role.SERVICE: LOOK,
    }
)


def rights_of(roles: Iterable[Role]) -> frozenset[Right]:
    """Return every right that one of the roles has."""
    return frozenset().union(*(RIGHTS[role] for role in roles))
