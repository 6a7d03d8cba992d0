"""Every setting of the program, from the environment; nothing else reads it.

docs/settings.md is made from this module, and a test compares the two.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.errors import SettingError

PREFIX = "GATEWAY_"

# Names with our prefix that scripts and tests read, and the program does not.
OF_SCRIPTS_AND_TESTS: Final = frozenset(
    {
        "GATEWAY_CHROMIUM",
        "GATEWAY_FAULTS",
        "GATEWAY_FUZZ_EXAMPLES",
        "GATEWAY_HAPROXY",
        "GATEWAY_HELM",
        "GATEWAY_HISTORIES",
        "GATEWAY_HOSTILE_KILLS",
        "GATEWAY_HOSTILE_REAL_KILLS",
        "GATEWAY_HOSTILE_REAL_STEPS",
        "GATEWAY_HOSTILE_SEED",
        "GATEWAY_HOSTILE_STEPS",
        "GATEWAY_KILLS",
        "GATEWAY_WORKER_KILLS",
        "GATEWAY_RESERVATIONS",
        "GATEWAY_TEST_GENERATED_QUERIES",
        "GATEWAY_TEST_SEED",
        "GATEWAY_NODE",
        "GATEWAY_NPM",
        "GATEWAY_POSTGRES_BIN",
        "GATEWAY_REAL",
        "GATEWAY_TEST_POSTGRES_URL",
        "GATEWAY_TEST_RANDOM_WRITES",
        "GATEWAY_TEST_WORKERS",
    }
)
# Where the client asks (gateway.client); the server has no use for it.
OF_CLIENT: Final = frozenset({"GATEWAY_URL"})


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    TEXT = "text"


class MailSecurity(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


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
    compiled_reads: Annotated[
        bool,
        Field(
            description=(
                "Whether queries are answered level by level, which is many times faster, with the same "
                "bytes; `false` executes every field by itself, to compare the two."
            )
        ),
    ] = True
    kept_answers_mib: Annotated[
        int,
        Field(
            ge=0,
            le=4096,
            description=(
                "How much memory answers may take that are kept to be given again while no row they were "
                "read from has changed, MiB; 0 reads the database for every question."
            ),
        ),
    ] = 32
    kept_parts_mib: Annotated[
        int,
        Field(
            ge=0,
            le=4096,
            description=(
                "How much memory rows of lists may take that are kept, with all that is shown below them, "
                "until one of just those rows changes, MiB; 0 reads all rows of an answer anew when any of "
                "their tables was written."
            ),
        ),
    ] = 32
    stored_documents: Annotated[
        str,
        Field(
            description=(
                "A folder with `*.graphql` files that may be asked by their hash (`documentId`), beside the "
                "panel's own."
            )
        ),
    ] = ""
    only_stored_documents: Annotated[
        bool,
        Field(
            description="Whether only stored documents are answered, the panel's and those of that folder."
        ),
    ] = False
    federation: Annotated[
        bool,
        Field(
            description=(
                "Whether the schema is an Apollo Federation 2 subgraph too, to be composed with others by a "
                "router, docs/federation.md."
            )
        ),
    ] = False
    open_access: Annotated[
        bool,
        Field(
            description=(
                "Whether people who are not logged in may read everything, quotas included, and introspect "
                "the schema. `gateway run` opens it for its practice data; leave it closed anywhere else."
            )
        ),
    ] = False
    open_status: Annotated[
        bool,
        Field(
            description=(
                "Whether everybody who reaches the gateway sees /metrics and the badges of productions, "
                "which a monitor and a wiki read without a login."
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
    panda_url: Annotated[
        str, Field(description="Address of the PanDA server's API; empty to leave PanDA alone.")
    ] = ""
    panda_origin: Annotated[
        str, Field(description="What PanDA is told of us in `Origin`: the VO, or `vo:role`.")
    ] = "spd:production"
    panda_token_file: Annotated[
        str, Field(description="A file with the access token for PanDA, read anew for each request.")
    ] = ""
    submit_deadline_s: Annotated[
        float,
        Field(gt=0, le=600, description="How long one call that changes something at PanDA may take, s."),
    ] = 60.0
    submit_settle_s: Annotated[
        float,
        Field(
            ge=1,
            description=(
                "How long after a lost answer PanDA's not having a task is not believed yet, s: three times "
                "what all but one of a thousand tasks take from being sent to having their name."
            ),
        ),
    ] = 900.0
    rucio_url: Annotated[
        str, Field(description="Address of the Rucio server; empty to leave Rucio alone.")
    ] = ""
    rucio_token_file: Annotated[
        str, Field(description="A file with the access token for Rucio, read anew for each request.")
    ] = ""
    rucio_account: Annotated[str, Field(description="The Rucio account to log in for, with a password.")] = (
        "root"
    )
    rucio_username: Annotated[
        str, Field(description="The user name of Rucio's own login, without a token.")
    ] = ""
    rucio_password_file: Annotated[str, Field(description="A file with the password of that login.")] = ""
    cric_url: Annotated[
        str,
        Field(description="`https://host` of CRIC, or `file:///folder` with its documents; empty for none."),
    ] = ""
    cric_plugin: Annotated[str, Field(description="The experiment's part of CRIC's paths.")] = "spd"
    cric_certificate_file: Annotated[
        str, Field(description="A client certificate for CRIC, which downtimes need; empty to be anonymous.")
    ] = ""
    cric_key_file: Annotated[
        str, Field(description="The certificate's key, when it is not in the same file.")
    ] = ""
    iam_issuer: Annotated[
        str, Field(description="Issuer of IAM, as it stands in its tokens; empty to leave IAM alone.")
    ] = ""
    iam_client_id: Annotated[
        str, Field(description="The client that may read people and groups (scope `scim:read`), and no more.")
    ] = ""
    iam_client_secret_file: Annotated[str, Field(description="A file with that client's secret.")] = ""
    public_url: Annotated[
        str,
        Field(
            description=(
                "Where people reach the gateway with a browser, `https://host`; IAM sends them back to "
                "`/auth/callback` there. Plain http is taken on this machine only."
            )
        ),
    ] = "http://127.0.0.1:8000"
    iam_login_client_id: Annotated[
        str,
        Field(description="The client that people log in through; empty for no logins with a browser."),
    ] = ""
    iam_login_client_secret_file: Annotated[str, Field(description="A file with that client's secret.")] = ""
    iam_login_scope: Annotated[
        str, Field(description="What a login asks IAM for; `offline_access` lets us act for people later.")
    ] = "openid profile offline_access wlcg.groups"
    vault_keys: Annotated[
        SecretStr,
        Field(
            description=(
                "Keys that seal what logins leave with us, newest first, separated by commas; needed for "
                "logins. `gateway new-key` makes one, `gateway reseal` makes older ones superfluous."
            )
        ),
    ] = SecretStr("")
    smtp_host: Annotated[
        str, Field(description="The mail server that notices are given to; empty to send no e-mail.")
    ] = ""
    smtp_port: Annotated[int, Field(ge=1, le=65535, description="The mail server's port.")] = 587
    smtp_security: Annotated[
        MailSecurity, Field(description="`starttls`, `tls` from the beginning, or `none`.")
    ] = MailSecurity.STARTTLS
    smtp_sender: Annotated[str, Field(description="The address that e-mail comes from.")] = (
        "SPD gateway <spd-gateway@localhost>"
    )
    smtp_username: Annotated[str, Field(description="The user of the mail server; empty for no login.")] = ""
    smtp_password_file: Annotated[str, Field(description="A file with that user's password.")] = ""
    webhook_networks: Annotated[
        str,
        Field(
            description=(
                "Private networks that webhooks may lead into, as `10.1.0.0/16, fd00::/8`; plain http is "
                "taken on this machine only, where it is listed. Empty for public addresses alone."
            )
        ),
    ] = ""
    panda_task_page: Annotated[
        str,
        Field(description="A task's page in PanDA's monitor, as `https://monitor/task/{id}/`; or empty."),
    ] = ""
    rucio_dataset_page: Annotated[
        str,
        Field(
            description=(
                "A dataset's page in Rucio, as `https://rucio-ui/did?scope={scope}&name={name}`; or empty."
            )
        ),
    ] = ""
    rucio_storage_page: Annotated[
        str, Field(description="A storage's page in Rucio, as `https://rucio-ui/rse?rse={name}`.")
    ] = ""
    cric_site_page: Annotated[
        str, Field(description="A site's page in CRIC, as `https://cric/core/rcsite/detail/{name}/`.")
    ] = ""
    iam_person_page: Annotated[
        str, Field(description="A person's page in IAM, with `{username}` where the user name goes.")
    ] = ""
    health_checks_file: Annotated[
        str,
        Field(
            description=(
                "A file of further checks of services as JSON, docs/service-health.md; empty for none."
            )
        ),
    ] = ""
    session_idle_minutes: Annotated[
        int, Field(ge=1, le=1440, description="A login ends when it was not used for so long.")
    ] = 60
    session_hours: Annotated[
        int, Field(ge=1, le=48, description="A login ends after so long, however much it is used.")
    ] = 12
    objects_per_minute: Annotated[
        int,
        Field(
            ge=0,
            description=(
                "How many objects one viewer may ask for in a minute, by the estimate that limits count; "
                "everybody without a login shares one such allowance. 0 for as many as they like."
            ),
        ),
    ] = 2_000_000
    changes_per_minute: Annotated[
        int,
        Field(
            ge=10,
            description=(
                "How many changes one viewer may ask for in a minute at each process; one that is refused "
                "for want of a right counts as seven, since it leaves an entry in the trail for ever."
            ),
        ),
    ] = 2_000
    audience: Annotated[
        str,
        Field(
            min_length=1,
            description="What an access token must name as its audience to be taken here; several by commas.",
        ),
    ] = "spd-gateway"
    take_any_audience: Annotated[
        bool,
        Field(
            description=(
                "Whether access tokens for WLCG's 'any' audience are taken as well: whoever sees one "
                "elsewhere can use it here."
            )
        ),
    ] = False
    roles: Annotated[
        str, Field(description="Which IAM groups give which role: `role=group,group; role=group`.")
    ] = (
        "viewer=spd; analyst=spd/analysis; operator=spd/operations; production-manager=spd/production; "
        "administrator=spd/admins"
    )
    service_roles: Annotated[
        str,
        Field(
            description=(
                "Which programs have which role, by the id of their client at IAM: `role=client,client`. "
                "`service` may read; name a client twice to give it more."
            )
        ),
    ] = ""
    runs_worker: Annotated[
        bool,
        Field(
            description=(
                "Whether `gateway serve` also keeps the copies current, as `gateway sync` does. With SQLite "
                "there is no other way, for it serves one process; `gateway run` always does it."
            )
        ),
    ] = False
    practice_grid: Annotated[
        bool,
        Field(
            description=(
                "Whether `gateway run` starts a practice PanDA, Rucio, CRIC and IAM and reads them; without "
                "it practice data stands still."
            )
        ),
    ] = True
    practice_port: Annotated[
        int,
        Field(
            ge=0,
            le=65000,
            description=(
                "The port of the practice PanDA; Rucio, CRIC, IAM and the switch take the next ones. A port "
                "that is in use is replaced by a free one; 0 takes free ones at once."
            ),
        ),
    ] = 8101
    practice_speed: Annotated[
        float, Field(gt=0, le=10_000, description="How many times faster than real tasks practice tasks run.")
    ] = 30.0
    practice_chains: Annotated[
        int,
        Field(ge=1, le=100, description="How many chains of practice requests are produced side by side."),
    ] = 1
    practice_faults: Annotated[
        bool,
        Field(
            description=(
                "Whether anybody here may stop, start and give faults to the practice services by HTTP."
            )
        ),
    ] = False
    executor: Annotated[
        str,
        Field(
            min_length=1,
            max_length=48,
            description=(
                "The name of this process among all gateway processes, the same after a restart: what it "
                "left undone is taken up by the process of the same name."
            ),
        ),
    ] = "gateway-0"

    @classmethod
    def read(cls, **given: object) -> "Settings":
        """Return the settings from the environment; raise SettingError naming the variable that is wrong.

        A name with our prefix that is no setting is refused too: it is a slip, and what it should have set
        would silently not be set.
        """
        refuse_unknown(os.environ, known=[f"{PREFIX}{name}".upper() for name in cls.model_fields])
        try:
            return cls(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            problems = "; ".join(
                f"{PREFIX}{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
                for problem in error.errors(include_input=False, include_url=False)
            )
            raise SettingError(f"wrong setting: {problems}") from error


def wants_tracing(environment: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own variables say that traces are sent, and where to."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    has_place = any(
        environment.get(name)
        for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    )
    return not is_off and has_place and environment.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"


def refuse_unknown(names: Iterable[str], *, known: Iterable[str]) -> None:
    """Raise SettingError when a name has our prefix but is no known setting, nor of scripts and tests."""
    settings = set(known)
    unknown = sorted(
        name
        for name in names
        if name.upper().startswith(PREFIX) and name.upper() not in settings | OF_SCRIPTS_AND_TESTS | OF_CLIENT
    )
    if not unknown:
        return
    advice = "; ".join(f"{name} is no setting{_meant(name, settings)}" for name in unknown)
    raise SettingError(f"{advice}. Correct or remove it; docs/settings.md lists the settings")


def _meant(name: str, settings: Iterable[str]) -> str:
    # The prefix is alike in all of them, and would make everything near.
    words = sorted(setting.removeprefix(PREFIX) for setting in settings)
    near = difflib.get_close_matches(name.upper().removeprefix(PREFIX), words, n=1)
    return f", {PREFIX}{near[0]} is" if near else ""
