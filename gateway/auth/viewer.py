"""The viewer: who asks, and which rights they hold. How somebody becomes a viewer is not decided here."""

import enum
from dataclasses import dataclass

from gateway.errors import RefusedError


class Right(enum.StrEnum):
    """What a viewer may do; nothing is allowed that is not listed for them."""

    READ = "read"
    """See productions, tasks, datasets, sites, and the names and groups of people."""
    READ_QUOTAS = "read_quotas"
    """See how much other people may keep and keep."""
    INTROSPECT = "introspect"
    """Ask the schema about itself."""
    OPERATE = "operate"
    """Ask for a source to be read at once."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who asks, with the rights they hold in this request."""

    name: str
    rights: frozenset[Right] = frozenset()

    @property
    def may_introspect(self) -> bool:
        """Whether the schema's own description may be asked for."""
        return Right.INTROSPECT in self.rights

    def require(self, right: Right) -> None:
        """Return if the viewer holds the right; raise RefusedError naming it otherwise."""
        if right not in self.rights:
            raise RefusedError(f"{self.name} may not do this: the right {right.value!r} is needed")


ANONYMOUS_NAME = "anonymous"


def anonymous(*, is_open: bool) -> Viewer:
    """Return the viewer for a request that brings no identity: with every right, or with none."""
    return Viewer(ANONYMOUS_NAME, frozenset(Right) if is_open else frozenset())
