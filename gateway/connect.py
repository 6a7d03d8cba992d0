"""The upstreams that the settings name, made ready to be read: the only place that knows all adapters."""

import contextlib
import datetime as dt
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.auth.bearer import TokenCheck
from gateway.auth.credentials import Credentials as PersonalCredentials
from gateway.auth.roles import RoleRules, parse_roles
from gateway.auth.sealing import Sealer, sealer_of
from gateway.auth.signing_keys import SigningKeys
from gateway.auth.vault import Vault
from gateway.domain.health import web_checks
from gateway.domain.home_pages import HomePages
from gateway.domain.submission import Timing
from gateway.domain.webhook_targets import Network, networks_of
from gateway.errors import InputError, SettingError
from gateway.resolvers.notifications import Notifying
from gateway.resolvers.services import Services
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.sync.keep_core_time import core_time_keeper
from gateway.sync.known_catalogue import scopes_of_datasets, storages_of_replicas
from gateway.sync.known_tasks import jobs_counted, newest_final_tasks, tasks_to_count, unfinished_tasks
from gateway.sync.lease import Clock
from gateway.sync.notifier import Notifier
from gateway.sync.outbox import Outbox
from gateway.upstreams.cric.client import CricAddress
from gateway.upstreams.cric.upstream import CricUpstream
from gateway.upstreams.http import HttpUpstream, Manners
from gateway.upstreams.iam.openid import LoginClient, OpenIdProvider
from gateway.upstreams.iam.tokens import Credentials
from gateway.upstreams.iam.upstream import IamUpstream
from gateway.upstreams.mail import MailDoor, MailServer
from gateway.upstreams.panda.client import PandaClient
from gateway.upstreams.panda.commands import PandaCommands, Pool
from gateway.upstreams.panda.job_records import PandaJobRecords
from gateway.upstreams.panda.lookup import SubmissionLookup
from gateway.upstreams.panda.upstream import PandaUpstream
from gateway.upstreams.ports import Upstream
from gateway.upstreams.rucio.commands import RucioCommands
from gateway.upstreams.rucio.files import RucioFiles
from gateway.upstreams.rucio.tokens import GivenToken, PasswordLogin, TokenSource
from gateway.upstreams.rucio.upstream import RucioUpstream
from gateway.upstreams.web_checks import WebLook, web_looks
from gateway.upstreams.webhooks import WebhookDoor


def connect(
    settings: Settings, database: Database, clock: Clock, *, manners: Manners | None = None
) -> list[Upstream]:
    """Return an upstream for each address in the settings; nothing is asked of any of them yet.

    They are treated with the usual manners if none are given.
    Raises SettingError when an address has no way to say who we are, or a file cannot be read.
    """
    return [
        *([_panda(settings, database, clock, manners)] if settings.panda_url else []),
        *([_rucio(settings, database, clock, manners)] if settings.rucio_url else []),
        *([_cric(settings, manners)] if settings.cric_url else []),
        *([_iam(settings, manners)] if settings.iam_issuer else []),
    ]


@dataclass(frozen=True, slots=True)
class CommandDoors:
    """What is done at other services when somebody wants it, as far as the settings name them.

    Nothing is asked yet.
    """

    panda: PandaCommands | None
    rucio: RucioCommands | None
    reader: PandaClient | None
    files: RucioFiles | None

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> "CommandDoors":
        """Return them; raises SettingError when a token cannot be read."""
        pool = Pool(deadline_s=settings.submit_deadline_s)
        return cls(
            PandaCommands(settings.panda_url, origin=settings.panda_origin, pool=pool)
            if settings.panda_url
            else None,
            RucioCommands(settings.rucio_url) if settings.rucio_url else None,
            _panda_client(settings) if settings.panda_url else None,
            _rucio_files(settings, clock) if settings.rucio_url else None,
        )

    def services(
        self,
        credentials: PersonalCredentials | None,
        notifying: Notifying | None = None,
        home_pages: HomePages | None = None,
    ) -> Services:
        """Return them as changes know them."""
        records = None if self.reader is None else PandaJobRecords(self.reader)
        return Services(self.panda, self.rucio, records, credentials, notifying, home_pages or HomePages())

    async def close(self) -> None:
        """Let what runs come to its end, and close all connections."""
        for door in (self.panda, self.rucio, self.reader, self.files):
            if door is not None:
                await door.close()


def home_pages_of(settings: Settings) -> HomePages:
    """Return where things are shown elsewhere; raises SettingError for what is no such address."""
    try:
        return HomePages(
            task=settings.panda_task_page or None,
            dataset=settings.rucio_dataset_page or None,
            storage=settings.rucio_storage_page or None,
            site=settings.cric_site_page or None,
            person=settings.iam_person_page or None,
        )
    except InputError as error:
        raise SettingError(f"{error.message} Look at the settings that end in _PAGE.") from error


@contextlib.asynccontextmanager
async def sending(
    settings: Settings, database: Database, clock: Clock, manners: Manners | None = None
) -> AsyncIterator[Outbox | None]:
    """Give this process's outbox meanwhile; None where there is no PanDA, or nobody can be acted for."""
    iam = iam_provider(settings)
    credentials = vault_of(settings, iam, database, clock)
    if credentials is None or not settings.panda_url:
        yield None
        return
    doors = CommandDoors.of(settings, clock)
    try:
        if doors.panda is not None and doors.reader is not None:
            yield outbox_of(settings, database, doors, credentials, clock, manners)
    finally:
        await doors.close()
        if iam is not None:
            await iam.close()


def outbox_of(
    settings: Settings,
    database: Database,
    doors: CommandDoors,
    credentials: PersonalCredentials,
    clock: Clock,
    manners: Manners | None = None,
) -> Outbox:
    """Return the outbox of this process, on a PanDA that is there; nothing is sent before it is told to."""
    if doors.panda is None or doors.reader is None:
        raise SettingError("nothing can be sent without GATEWAY_PANDA_URL")
    deadline = dt.timedelta(seconds=settings.submit_deadline_s)
    return Outbox(
        database,
        doors.panda,
        SubmissionLookup(doors.reader),
        credentials,
        clock=clock,
        owner=settings.executor,
        timing=Timing(
            deadline=deadline,
            lease=2 * deadline,
            settle=dt.timedelta(seconds=settings.submit_settle_s),
        ),
        per_second=(manners or Manners()).per_second,
    )


def notifying_of(settings: Settings) -> Notifying | None:
    """Return what telling needs in the schema, None without a key to seal with."""
    if not settings.vault_keys.get_secret_value():
        return None
    return Notifying(sealer(settings), has_mail=bool(settings.smtp_host))


def notifier_of(settings: Settings, database: Database, clock: Clock) -> Notifier | None:
    """Return this process's part in telling, None without a key to open secrets with."""
    if not settings.vault_keys.get_secret_value():
        return None
    return Notifier(
        database,
        WebhookDoor(webhook_networks(settings)),
        mail_door(settings),
        sealer(settings),
        clock=clock,
        public_url=settings.public_url,
    )


def webhook_networks(settings: Settings) -> tuple[Network, ...]:
    """Return the private networks that webhooks may lead into; raises SettingError for what is none."""
    try:
        return networks_of(settings.webhook_networks)
    except ValueError as error:
        raise SettingError(f"GATEWAY_WEBHOOK_NETWORKS: {error}") from error


def mail_door(settings: Settings) -> MailDoor | None:
    """Return what sends mail, None where no server is named."""
    if not settings.smtp_host:
        return None
    if settings.smtp_username and not settings.smtp_password_file:
        raise SettingError("GATEWAY_SMTP_USERNAME needs GATEWAY_SMTP_PASSWORD_FILE")
    return MailDoor(
        MailServer(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_sender,
            settings.smtp_security,
            settings.smtp_username,
            secret_in(settings.smtp_password_file) if settings.smtp_username else None,
        )
    )


def further_checks(settings: Settings) -> tuple[WebLook, ...]:
    """Return the checks that the settings name a file of; raises SettingError when it cannot be read."""
    if not settings.health_checks_file:
        return ()
    try:
        return web_looks(web_checks(Path(settings.health_checks_file).read_text()))
    except (OSError, InputError) as error:
        raise SettingError(f"GATEWAY_HEALTH_CHECKS_FILE: {error}") from error


def _panda_client(settings: Settings, manners: Manners | None = None) -> PandaClient:
    return PandaClient(
        settings.panda_url,
        token=secret_in(settings.panda_token_file) if settings.panda_token_file else lambda: None,
        origin=settings.panda_origin,
        manners=manners,
    )


def _panda(settings: Settings, database: Database, clock: Clock, manners: Manners | None) -> Upstream:
    return PandaUpstream(
        _panda_client(settings, manners),
        known_ids=unfinished_tasks(database),
        canaries=newest_final_tasks(database),
        ids_to_count=tasks_to_count(database),
        jobs_counted=jobs_counted(database, clock),
        tell_core_seconds=core_time_keeper(database, clock),
        clock=clock,
    )


def _rucio(settings: Settings, database: Database, clock: Clock, manners: Manners | None) -> Upstream:
    http = HttpUpstream("rucio", settings.rucio_url, manners=manners)
    return RucioUpstream(
        http,
        _rucio_tokens(settings, http, clock),
        clock=clock,
        known_scopes=scopes_of_datasets(database),
        known_storages=storages_of_replicas(database),
    )


def _rucio_files(settings: Settings, clock: Clock) -> RucioFiles:
    http = HttpUpstream("rucio", settings.rucio_url)
    return RucioFiles(http, _rucio_tokens(settings, http, clock))


def _rucio_tokens(settings: Settings, http: HttpUpstream, clock: Clock) -> TokenSource:
    if settings.rucio_token_file:
        return GivenToken(secret_in(settings.rucio_token_file))
    if settings.rucio_username and settings.rucio_password_file:
        return PasswordLogin(
            http,
            account=settings.rucio_account,
            username=settings.rucio_username,
            password=secret_in(settings.rucio_password_file)(),
            clock=clock,
        )
    raise SettingError(
        "GATEWAY_RUCIO_URL needs GATEWAY_RUCIO_TOKEN_FILE, or GATEWAY_RUCIO_USERNAME with "
        "GATEWAY_RUCIO_PASSWORD_FILE"
    )


def _cric(settings: Settings, manners: Manners | None) -> Upstream:
    verify: ssl.SSLContext | bool = True
    if settings.cric_certificate_file:
        verify = ssl.create_default_context()
        try:
            verify.load_cert_chain(settings.cric_certificate_file, settings.cric_key_file or None)
        except (OSError, ssl.SSLError) as error:
            raise SettingError("GATEWAY_CRIC_CERTIFICATE_FILE holds no certificate with its key") from error
    address = CricAddress(settings.cric_url, plugin=settings.cric_plugin)
    return CricUpstream(address, verify=verify, manners=manners)


def _iam(settings: Settings, manners: Manners | None) -> Upstream:
    if not (settings.iam_client_id and settings.iam_client_secret_file):
        raise SettingError(
            "GATEWAY_IAM_ISSUER needs GATEWAY_IAM_CLIENT_ID and GATEWAY_IAM_CLIENT_SECRET_FILE"
        )
    secret = secret_in(settings.iam_client_secret_file)()
    return IamUpstream(settings.iam_issuer, Credentials(settings.iam_client_id, secret), manners=manners)


def iam_provider(settings: Settings) -> OpenIdProvider | None:
    """Return the provider that people log in at, None where the settings name none; nothing is asked yet."""
    if not settings.iam_issuer:
        return None
    client = None
    if settings.iam_login_client_id:
        if not settings.iam_login_client_secret_file:
            raise SettingError("GATEWAY_IAM_LOGIN_CLIENT_ID needs GATEWAY_IAM_LOGIN_CLIENT_SECRET_FILE")
        client = LoginClient(settings.iam_login_client_id, secret_in(settings.iam_login_client_secret_file)())
    return OpenIdProvider(HttpUpstream("iam", settings.iam_issuer), settings.iam_issuer, client)


def token_check(settings: Settings, iam: OpenIdProvider | None, clock: Clock) -> TokenCheck | None:
    """Return what checks access tokens, None without an IAM."""
    if iam is None:
        return None
    audiences = frozenset(one.strip() for one in settings.audience.split(",") if one.strip())
    return TokenCheck(
        settings.iam_issuer,
        audiences,
        SigningKeys(iam.keys, time.monotonic),
        clock,
        takes_any_audience=settings.take_any_audience,
    )


def vault_of(
    settings: Settings, iam: OpenIdProvider | None, database: Database, clock: Clock
) -> Vault | None:
    """Return what acts for people elsewhere, None without logins; raises SettingError without a key."""
    if iam is None or iam.client is None:
        return None
    return Vault(database, sealer(settings), iam, clock, role_rules(settings))


def sealer(settings: Settings) -> Sealer:
    """Return what seals secrets at rest; raises SettingError when there is no usable key."""
    return sealer_of(settings.vault_keys.get_secret_value(), "GATEWAY_VAULT_KEYS")


def role_rules(settings: Settings) -> RoleRules:
    """Return who has which role; raises SettingError for rules that cannot be read."""
    return RoleRules(
        parse_roles(settings.roles, "GATEWAY_ROLES"),
        parse_roles(settings.service_roles, "GATEWAY_SERVICE_ROLES"),
    )


def secret_in(path: str) -> Callable[[], str]:
    """Return a question for the secret in a file, read anew each time so that it can be renewed in place.

    Raises SettingError at once when the file cannot be read now.
    """

    def ask() -> str:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise SettingError(f"cannot read the secret in {path}: {error.strerror}") from error

    ask()
    return ask
