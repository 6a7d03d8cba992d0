"""createAccessToken and revokeAccessToken: tokens that read in one's own name."""

from typing import Annotated

import strawberry

from gateway.auth.own_tokens import create, revoke
from gateway.errors import InputError, RefusedError
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.needs import mutation
from gateway.schema.scalars import BigInt
from gateway.schema.types.access_tokens import AccessToken


@strawberry.type(description="The token was made.")
class AccessTokenCreated:
    """A new token, with its secret."""

    secret: str = strawberry.field(
        description="Send it as `Authorization: Bearer`. It is shown now and never again."
    )
    access_token: AccessToken = strawberry.field(description="The token as it is listed from now on.")


@strawberry.type(description="No token was made, or none revoked.")
class AccessTokenRefused:
    """Nothing was done."""

    message: str = strawberry.field(description="Why, and what to do, in a sentence.")


@strawberry.type(description="The token is revoked, and is refused from now on.")
class AccessTokenRevoked:
    """A token ended."""

    id: BigInt = strawberry.field(description="The token's number.")


CreateAccessTokenResult = Annotated[
    AccessTokenCreated | AccessTokenRefused,
    strawberry.union("CreateAccessTokenResult", description="The new token, or why there is none."),
]
RevokeAccessTokenResult = Annotated[
    AccessTokenRevoked | AccessTokenRefused,
    strawberry.union("RevokeAccessTokenResult", description="Whether the token is revoked."),
]


@strawberry.type
class AccessTokens:
    """The mutations."""

    @mutation(
        needs=Right.OWN_TOKENS,
        concerns="name",
        description=(
            "Make a token that reads in your name, called `name` after what it is for, for `days` days (366 "
            "at most), with the `rights` READ, READ_FILES, READ_QUOTAS or INTROSPECT; READ alone when none "
            "are named. A token with READ_FILES alone lists files and reads nothing else."
        ),
    )
    async def create_access_token(
        self, info: Info, name: str, days: int = 90, rights: list[Right] | None = None
    ) -> CreateAccessTokenResult:
        """Make the token."""
        context = info.context
        try:
            made = await create(
                context.database,
                context.viewer,
                name=name,
                days=days,
                rights=frozenset(rights or ()),
                now=context.reading.now,
            )
        except (InputError, RefusedError) as error:
            return AccessTokenRefused(message=error.message)
        return AccessTokenCreated(secret=made.secret, access_token=AccessToken.of(made.row))

    @mutation(
        needs=Right.OWN_TOKENS, concerns="id", description="Revoke the token of yours with this number, `id`."
    )
    async def revoke_access_token(
        self,
        info: Info,
        id: BigInt,  # noqa: A002 - GraphQL's word
    ) -> RevokeAccessTokenResult:
        """Revoke the token."""
        context = info.context
        if await revoke(context.database, context.viewer, id, now=context.reading.now):
            return AccessTokenRevoked(id=id)
        return AccessTokenRefused(message=f"You have no token {id} that could be revoked.")
