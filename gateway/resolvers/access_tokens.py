"""Reading the tokens that somebody made to read with."""

from collections.abc import Sequence

from sqlalchemy import select

from gateway.resolvers.reading import Reading
from gateway.store.logins import AccessTokenRow


async def own_tokens(reading: Reading, subject: str) -> Sequence[AccessTokenRow]:
    """Return a person's tokens, newest first, ended ones included; one statement."""
    rows = await reading.rows(
        select(AccessTokenRow).where(AccessTokenRow.subject == subject).order_by(AccessTokenRow.id.desc())
    )
    return [row[0] for row in rows]
