"""The viewer in the schema: who the gateway takes the caller for, and what they may do."""

import strawberry

from gateway.auth.viewer import Viewer
from gateway.resolvers import relations as r
from gateway.resolvers.access_tokens import own_tokens
from gateway.resolvers.entities import PERSON
from gateway.resolvers.loading import load_by_key, load_many
from gateway.schema.context import Info
from gateway.schema.enums import Right, Role
from gateway.schema.types.access_tokens import AccessToken
from gateway.schema.types.people import Person
from gateway.schema.types.storages import Quota
from gateway.store.people import Person as PersonRow


@strawberry.type(name="Viewer", description="Who the gateway takes you for, and what you may do.")
class ViewerType:
    """The caller."""

    subject: strawberry.Private[str | None]
    name: str = strawberry.field(description="Your name; 'anonymous' without a login.")
    username: str | None = strawberry.field(
        description="Your IAM user name, or the client's id of a program; null without a login."
    )
    groups: list[str] = strawberry.field(
        description="Your groups in IAM, full paths such as spd/production; without those you have left."
    )
    roles: list[Role] = strawberry.field(description="What you are here; your groups say it.")
    rights: list[Right] = strawberry.field(description="Your rights; nothing else is allowed.")

    @strawberry.field(
        description="You, as IAM's copy here has you; null without a login and before IAM was read."
    )
    async def person(self, info: Info) -> Person | None:
        """Return the viewer's own person."""
        row = await self._row(info)
        return None if row is None else Person.of(row)

    @strawberry.field(description="What you may keep and keep, by storage.")
    async def quotas(self, info: Info) -> list[Quota]:
        """Return the viewer's own quotas, which need no right."""
        row = await self._row(info)
        if row is None:
            return []
        return [Quota.of(quota) for quota in await load_many(info.context.reading, r.QUOTAS_BY_PERSON, row)]

    @strawberry.field(
        description="Tokens you made to read with, newest first, ended ones included. Needs OWN_TOKENS."
    )
    async def access_tokens(self, info: Info) -> list[AccessToken]:
        """Return the viewer's own tokens; none without the right to have any."""
        if self.subject is None or Right.OWN_TOKENS not in info.context.viewer.rights:
            return []
        return [AccessToken.of(row) for row in await own_tokens(info.context.reading, self.subject)]

    async def _row(self, info: Info) -> PersonRow | None:
        if self.subject is None:
            return None
        return await load_by_key(info.context.reading, PERSON, (self.subject,))

    @classmethod
    def of(cls, viewer: Viewer) -> "ViewerType":
        """Show the viewer."""
        return cls(
            subject=viewer.subject,
            name=viewer.name,
            username=viewer.username,
            groups=list(viewer.groups),
            roles=sorted(viewer.roles),
            rights=sorted(viewer.rights),
        )
