"""Every setting of the program, from the environment; nothing else reads it.

docs/settings.md is made from this module, and a test compares the two.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.errors import SettingError

PREFIX = "GATEWAY_"


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    TEXT = "text"


class Settings(BaseSettings):
    """The settings, each read from the variable of its name in capitals with the prefix GATEWAY_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: Annotated[
        str,
        Field(
            description=(
                "Where the data is: `sqlite+aiosqlite:///path/to/file.db` for one process, "
                "`postgresql+psycopg://user@host/name` for several."
            )
        ),
    ] = "sqlite+aiosqlite:///var/gateway.db"
    host: Annotated[str, Field(description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="The port to listen on; 0 takes a free one.")] = (
        8000
    )
    open_access: Annotated[
        bool,
        Field(
            description=(
                "Whether people who are not logged in may read everything and introspect the schema. "
                "`gateway run` opens it for its practice data; leave it closed anywhere else."
            )
        ),
    ] = False
    database_pool: Annotated[
        int, Field(ge=1, le=100, description="Database connections of one process, reading and writing.")
    ] = 5
    max_body_bytes: Annotated[
        int, Field(ge=1024, le=16 * 1024 * 1024, description="The largest request body, bytes.")
    ] = 64 * 1024
    log_format: Annotated[LogFormat, Field(description="`json` for machines, `text` for people.")] = (
        LogFormat.JSON
    )

    @classmethod
    def read(cls, **given: object) -> "Settings":
        """Return the settings from the environment; raise SettingError naming the variable that is wrong."""
        try:
            return cls(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            problems = "; ".join(
                f"{PREFIX}{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
                for problem in error.errors(include_input=False, include_url=False)
            )
            raise SettingError(f"wrong setting: {problems}") from error
