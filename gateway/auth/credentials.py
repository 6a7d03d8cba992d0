"""What acts for a person at another service: a token of theirs for it, made when it is needed."""

from typing import Protocol

from gateway.auth.permissions import Right


class Credentials(Protocol):
    """Turns the reference in `Viewer.credential` into tokens."""

    async def token_for(self, credential: str, audience: str, right: Right) -> str:
        """Return an access token of that person for a service, valid for some minutes at least.

        `right` is the one that the deed needs; whoever has lost it since they asked is not acted for.
        May use the network; hold no transaction. Raises CredentialMissingError, in words for the person, when
        they must log in again or may no longer be acted for, and UpstreamError while IAM does not answer.
        """
        ...
