"""Tokens that people made for themselves, without their secrets."""

import datetime as dt

import strawberry

from gateway.schema.enums import Right
from gateway.schema.scalars import BigInt
from gateway.store.logins import AccessTokenRow


@strawberry.type(
    description="A token of yours that reads in your name. Its secret was shown when it was made."
)
class AccessToken:
    """A token without its secret."""

    id: BigInt = strawberry.field(description="Its number, to revoke it by.")
    name: str = strawberry.field(description="What it is for, in your words.")
    rights: list[Right] = strawberry.field(description="What it may do, as far as you may do it yourself.")
    created_at: dt.datetime = strawberry.field(description="When you made it, UTC.")
    ends_at: dt.datetime = strawberry.field(description="When it ends by itself, UTC.")
    last_used_at: dt.datetime | None = strawberry.field(
        description="When it was last used, UTC, to the hour; null for never."
    )
    revoked_at: dt.datetime | None = strawberry.field(
        description="When you revoked it, UTC; null while you have not."
    )

    @classmethod
    def of(cls, row: AccessTokenRow) -> "AccessToken":
        """Show a token."""
        return cls(
            id=BigInt(row.id),
            name=row.name,
            rights=[Right(word) for word in row.rights.split()],
            created_at=row.created_at,
            ends_at=row.ends_at,
            last_used_at=row.last_used_at,
            revoked_at=row.revoked_at,
        )
