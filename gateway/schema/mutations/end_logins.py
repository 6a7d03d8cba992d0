"""endLogins: everything that somebody has here ended at once, by an administrator."""

from typing import Annotated

import strawberry

from gateway.auth.ending import end_logins
from gateway.schema.context import Info
from gateway.schema.enums import Right
from gateway.schema.needs import mutation
from gateway.store.values import storable_text


@strawberry.type(description="They are logged out here everywhere, and nothing more is done in their name.")
class LoginsEnded:
    """What was ended."""

    sessions: int = strawberry.field(description="Logins with a browser that were ended.")
    grants: int = strawberry.field(description="Grants of IAM, with which we acted for them, forgotten.")
    tokens: int = strawberry.field(description="Tokens of their own that were revoked.")


@strawberry.type(description="Nobody of this name was ever seen in IAM; nothing was done.")
class NobodyOfThisName:
    """There was nothing to end."""

    message: str = strawberry.field(description="Why nothing was done, in a sentence.")


EndLoginsResult = Annotated[
    LoginsEnded | NobodyOfThisName,
    strawberry.union("EndLoginsResult", description="What was ended, or why nothing was."),
]


@strawberry.type
class EndLogins:
    """The mutation."""

    @mutation(
        needs=Right.ADMINISTER,
        concerns="username",
        description=(
            "End all logins of the person with this `username`, what acts in that name, and their own "
            "tokens. They can log in again; disable the account in IAM to prevent it."
        ),
    )
    async def end_logins(self, info: Info, username: str) -> EndLoginsResult:
        """End them."""
        context = info.context
        name = storable_text(username)
        ended = await end_logins(context.database, context.viewer, name, now=context.reading.now)
        if ended is None:
            return NobodyOfThisName(message=f"IAM's copy here never had anybody called {name[:64]!r}.")
        return LoginsEnded(sessions=ended.sessions, grants=ended.grants, tokens=ended.tokens)
