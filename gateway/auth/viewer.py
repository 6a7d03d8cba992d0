"""The viewer: who asks, and which rights they hold. How somebody becomes a viewer is not decided here."""

import datetime as dt
from dataclasses import dataclass, field

from gateway.auth.permissions import Right, Role
from gateway.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who asks, with the rights they hold in this request.

    `subject` and `username` are IAM's, None for whoever is not known to it; `groups` are full paths without a
    slash in front. `jti` is the id of the token they came with, or stands for their browser's session.
    `credential` is what `Credentials` turns into tokens for other services, also later and in a worker; it is
    a reference and no secret, None when the gateway cannot act for them. `until` is when their token or login
    ends by itself, `session` the key of their browser's session, `own_token` the number of the token of their
    own that they came with. `doubt` says why they may only look for now, None when nothing is in doubt.
    """

    name: str
    rights: frozenset[Right] = frozenset()
    roles: frozenset[Role] = frozenset()
    subject: str | None = None
    username: str | None = None
    groups: tuple[str, ...] = ()
    jti: str | None = None
    credential: str | None = field(default=None, repr=False)
    until: dt.datetime | None = None
    session: str | None = field(default=None, repr=False)
    own_token: int | None = None
    doubt: str | None = None

    @property
    def may_introspect(self) -> bool:
        """Whether the schema's own description may be asked for."""
        return Right.INTROSPECT in self.rights

    @property
    def actor(self) -> str:
        """What the trail of changes calls them: the user name, or the name of what is none."""
        return self.username or self.name

    def may(self, right: Right) -> bool:
        """Whether the viewer holds the right."""
        return right in self.rights

    def require(self, right: Right) -> None:
        """Return if the viewer holds the right; raise RefusedError naming it otherwise."""
        if right not in self.rights:
            why = "" if self.doubt is None else f"; {self.doubt}"
            raise RefusedError(f"{self.name} may not do this: the right {right.value!r} is needed{why}")


ANONYMOUS_NAME = "anonymous"


# What everybody may where the gateway is open: read. Whoever changes something has a name.
OPEN_RIGHTS = frozenset({Right.READ, Right.READ_FILES, Right.READ_QUOTAS, Right.INTROSPECT})


def anonymous(*, is_open: bool) -> Viewer:
    """Return the viewer for a request that brings no identity: they may read, or nothing."""
    return Viewer(ANONYMOUS_NAME, OPEN_RIGHTS if is_open else frozenset())
