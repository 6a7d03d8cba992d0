"""What a change needs of other services: declared here, plugged in by `app`, None where there is none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from gateway.auth.credentials import Credentials
from gateway.auth.permissions import Right
from gateway.auth.viewer import Viewer
from gateway.domain.home_pages import HomePages
from gateway.domain.rules import RuleMade
from gateway.domain.steering import CommandKind
from gateway.domain.submission import Reply
from gateway.errors import ChangeRefusedError, CredentialMissingError
from gateway.resolvers.missing_seeds import JobRecords
from gateway.resolvers.notifications import Notifying

PANDA: Final = "panda"
RUCIO: Final = "rucio"


class TaskCommands(Protocol):
    """What gives commands to PanDA."""

    async def command(
        self, token: str, task_id: int, kind: CommandKind, arguments: Mapping[str, object] | None = None
    ) -> Reply:
        """Give one command, once."""
        ...


class RuleCommands(Protocol):
    """What changes rules in Rucio, and knows which names are taken."""

    async def add_rule(
        self,
        token: str,
        did: str,
        *,
        rse_expression: str,
        copies: int,
        lifetime_s: int | None,
        comment: str | None,
    ) -> Reply | RuleMade:
        """Add a rule, once."""
        ...

    async def set_lifetime(self, token: str, rule_id: str, lifetime_s: int | None) -> Reply | RuleMade:
        """Change when a rule ends, once."""
        ...

    async def delete_rule(self, token: str, rule_id: str) -> Reply | RuleMade:
        """Remove a rule, once."""
        ...

    async def existing(self, token: str, dids: Collection[str]) -> frozenset[str]:
        """Return which exact names are taken; raises UpstreamError when that cannot be told."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The services that this gateway may change things at, None for one that it has not; and their pages."""

    panda: TaskCommands | None = None
    rucio: RuleCommands | None = None
    records: JobRecords | None = None
    credentials: Credentials | None = None
    notifying: Notifying | None = None
    home_pages: HomePages = field(default_factory=HomePages)

    async def token(self, viewer: Viewer, audience: str, right: Right) -> str:
        """Return a token of the viewer for what a right allows at a service.

        Raises ChangeRefusedError saying what is missing.
        """
        if self.credentials is None or viewer.credential is None:
            raise ChangeRefusedError(
                f"{viewer.name} cannot be acted for at {audience}: log in with a browser or a token of yours."
            )
        try:
            return await self.credentials.token_for(viewer.credential, audience, right)
        except CredentialMissingError as error:
            raise ChangeRefusedError(error.message) from error
