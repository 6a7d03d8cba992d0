"""Every error the gateway raises on purpose, drawn once.

    GatewayError
    ├── InputError                what the caller gave is wrong; nothing was changed
    │   ├── NamingError           a name does not follow the grammar of `domain.names`
    │   ├── NumberError           a number could not be understood
    │   ├── FilterError           a filter, sort or page argument cannot be used
    │   │   ├── CursorError       a cursor is not one of ours, or belongs to another ordering
    │   │   └── LineError         a line that says which productions are meant cannot be understood
    │   ├── IdError               a global id is not one of ours, or not of the type that is wanted
    │   ├── TransitionError       the state does not allow the step that was asked for
    │   ├── ImportFileError       a file cannot be read as what it should be
    │   ├── BadValueError         a value in a GraphQL document or its variables fits no type
    │   ├── LimitError            a GraphQL document asks for more than the gateway gives at once
    │   ├── OperationError        which operation to execute is unclear, or it is not executed here
    │   └── TransportError        an HTTP request is not one we take; it says with which status
    ├── ChangeRefusedError        a change cannot be made as asked; nothing was written, and it is data
    │   ├── MissingError              what is to be changed does not exist
    │   ├── StaleEditError            somebody changed it since the version the edit was made from
    │   ├── InvalidChangeError        fields cannot be as given, or the checks found what blocks the change
    │   └── KeyReusedError            the idempotency key was used for something else
    ├── RefusedError              the viewer may not do this
    │   ├── UnauthenticatedError  nobody is known to be asking
    │   └── CredentialMissingError  the gateway cannot act for this person any more
    ├── TooManyError              asked for more than is given in a while; ask again later
    ├── SetupError                the program cannot start as it is configured; the message says what to do
    │   ├── SettingError          a setting has a value that cannot work
    │   ├── DatabaseVersionError  the database is older or newer than the code
    │   └── DatabaseBusyError     another process owns the SQLite file
    ├── UpstreamError             another service cannot be read now; our copy stays as it was
    │   ├── UnreachableError          no connection, or none in time
    │   ├── SlowError                 it answers, but not within the time allowed
    │   ├── DeniedError               it does not accept who we are (401, 403, its own words for it)
    │   ├── BusyError                 it asks to be asked later (429, 503)
    │   ├── BrokenError               it failed (5xx, its own error class), and says so
    │   ├── GarbledError              what it sent is not what was promised: cut, HTML, not JSON, too large
    │   └── NotOfferedError           this version of it cannot do what was asked
    ├── BrokenExportError         a file that is being written cannot be finished
    ├── EventsError               changes cannot be told to this reader, or no longer; `code` says why
    └── SeedOverlapError          the database refused a seed range that overlaps another

Each carries a machine-readable `code`, which is what `extensions.code` shows in GraphQL.
"""

from collections.abc import Sequence


class GatewayError(Exception):
    """Root of the errors raised on purpose; its message is a sentence for whoever caused or meets it."""

    code: str = "GATEWAY_ERROR"

    @property
    def message(self) -> str:
        """The sentence shown to people."""
        return str(self)


class InputError(GatewayError):
    """What the caller gave cannot be used; nothing was changed, and the message says what to give instead."""

    code = "BAD_INPUT"


class NamingError(InputError):
    """A name does not follow the production grammar."""

    code = "BAD_NAME"


class NumberError(InputError):
    """A number, range or energy could not be understood."""

    code = "BAD_NUMBER"


class FilterError(InputError):
    """A filter, sort or page argument cannot be used as given."""

    code = "BAD_FILTER"


class CursorError(FilterError):
    """A cursor is not one of ours, or was made for another ordering; start again without it."""

    code = "BAD_CURSOR"


class LineError(FilterError):
    """A line cannot be understood; `start` and `end` say where, in characters from 0."""

    code = "BAD_LINE"

    def __init__(self, message: str, *, start: int, end: int) -> None:
        super().__init__(f"{message} (at character {start + 1})")
        self.start = start
        self.end = end


class IdError(InputError):
    """A global id is not one of ours, or names another type than the one wanted; take ids from answers."""

    code = "BAD_ID"


class TransitionError(InputError):
    """The present state does not allow the transition; the message lists what it does allow."""

    code = "BAD_TRANSITION"


class ImportFileError(InputError):
    """A file cannot be read as what it should be; nothing was imported."""

    code = "BAD_FILE"


class BadValueError(InputError):
    """A value fits no type we have: a NUL character, a lone surrogate, a number that is not finite."""

    code = "BAD_VALUE"


class LimitError(InputError):
    """A document is larger, deeper or dearer than we answer; `code` is `LIMIT_` and what was counted.

    `found` is at most what every reader of JSON takes for a whole number.
    """

    code = "LIMIT"

    def __init__(self, counted: str, message: str, *, found: int | None, limit: int) -> None:
        super().__init__(message)
        self.code = f"LIMIT_{counted}"
        self.found = None if found is None else min(found, 2**53 - 1)
        self.limit = limit


class OperationError(InputError):
    """A document holds no operation that can be executed as it was asked for; `code` says why."""

    code = "OPERATION_NOT_FOUND"

    def __init__(self, message: str, *, code: str = "OPERATION_NOT_FOUND") -> None:
        super().__init__(message)
        self.code = code


class TransportError(InputError):
    """An HTTP request cannot be taken as GraphQL; `status` is the answer's, `allow` the methods that can."""

    code = "BAD_REQUEST"

    def __init__(self, status: int, code: str, message: str, *, allow: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.allow = allow


class ChangeRefusedError(GatewayError):
    """A change cannot be made as asked; its transaction was undone, and the message says what to do."""

    code = "REFUSED"


class MissingError(ChangeRefusedError):
    """What is to be changed does not exist."""

    code = "NOT_FOUND"


class StaleEditError(ChangeRefusedError):
    """Somebody changed the thing since the version the edit was made from.

    `version` is the present one. `differences` are values of whoever raises it: what became of each field
    that the edit touches or that changed meanwhile.
    """

    code = "STALE_EDIT"

    def __init__(self, message: str, *, key: str, version: int, differences: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.key = key
        self.version = version
        self.differences = tuple(differences)


class InvalidChangeError(ChangeRefusedError):
    """The change would leave something that must not be.

    `problems` are values about single fields, `findings` those of the checks; each says what to give instead.
    """

    code = "INVALID"

    def __init__(
        self, message: str, *, problems: Sequence[object] = (), findings: Sequence[object] = ()
    ) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
        self.findings = tuple(findings)


class KeyReusedError(ChangeRefusedError):
    """The idempotency key was used before for a change with other arguments; choose a new one."""

    code = "KEY_REUSED"


class RefusedError(GatewayError):
    """The viewer may not do this; the message says which right is missing."""

    code = "FORBIDDEN"


class UnauthenticatedError(RefusedError):
    """Nobody is known to be asking, and what was asked for is not open to everybody; log in and ask again."""

    code = "UNAUTHENTICATED"


class CredentialMissingError(RefusedError):
    """The gateway cannot act for this person at another service, or no longer; logging in again helps.

    `is_final` says that what was kept of the login is of no use any more.
    """

    code = "CREDENTIAL_MISSING"

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class TooManyError(GatewayError):
    """Somebody asked for more than is given in a while; `retry_after_s` says when to ask again."""

    code = "TOO_MANY"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BrokenExportError(GatewayError):
    """The rest of an export cannot be read; what was sent of it is not whole, and its end is not sent."""

    code = "EXPORT_BROKEN"


class SetupError(GatewayError):
    """The program cannot start as it is configured."""

    code = "SETUP"


class SettingError(SetupError):
    """A setting has a value that cannot work."""


class DatabaseVersionError(SetupError):
    """The database's schema is older or newer than this code."""


class DatabaseBusyError(SetupError):
    """Another process owns the SQLite file: SQLite serves one process, PostgreSQL serves many."""


class SeedOverlapError(GatewayError):
    """The database refused a seed range because it overlaps another of the same physics key (invariant 1)."""

    code = "SEED_OVERLAP"


class EventsError(GatewayError):
    """A reader cannot be told of changes, or not all of them; the message says how to begin anew."""

    code = "EVENTS"

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class UpstreamError(GatewayError):
    """Another service cannot be read now; nothing of our copy was changed because of it.

    `source` names the service. The message says what happened in words an operator can act on; it never holds
    a token or a whole answer.
    """

    code = "UPSTREAM"

    def __init__(self, source: str, message: str) -> None:
        super().__init__(message)
        self.source = source


class UnreachableError(UpstreamError):
    """There is no connection to the service, or none within the time allowed; look at address and network."""


class SlowError(UpstreamError):
    """The service did not finish its answer within the time allowed."""


class DeniedError(UpstreamError):
    """The service does not accept who we are; look at the token or certificate and its rights."""


class BusyError(UpstreamError):
    """The service asks to be asked later; `retry_after_s` is its own wish, None when it has none."""

    def __init__(self, source: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(source, message)
        self.retry_after_s = retry_after_s


class BrokenError(UpstreamError):
    """The service failed and said so."""


class GarbledError(UpstreamError):
    """What the service sent is not what was promised: cut short, not JSON, HTML, a redirect, too large."""


class NotOfferedError(UpstreamError):
    """This version of the service cannot do what was asked of it."""
