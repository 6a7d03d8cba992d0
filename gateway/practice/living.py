"""The living practice grid: PanDA, Rucio, CRIC and IAM on loopback, with productions that are under way.

Its clock shows the real time, so that ages and watermarks are honest; only what tasks do goes faster.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from gateway.imports.requests import import_readings
from gateway.practice.cric_objects import practice_cric
from gateway.practice.cric_twin import create_cric_twin
from gateway.practice.dated import Clock
from gateway.practice.delivery import Delivery
from gateway.practice.faults import Faults
from gateway.practice.iam_objects import practice_iam
from gateway.practice.iam_tokens import TokenOffice
from gateway.practice.iam_twin import create_iam_twin
from gateway.practice.kept import keep, restore
from gateway.practice.live_chains import FILE_NAME, LiveChains, live_requests
from gateway.practice.panda_tasks import PandaState, tasks_of_snapshot
from gateway.practice.panda_twin import Identity, create_panda_twin
from gateway.practice.productions import job_counts, tasks
from gateway.practice.requests import PRODUCTION_MANAGER
from gateway.practice.rucio_catalogue import practice_catalogue
from gateway.practice.rucio_twin import create_rucio_twin
from gateway.practice.switch import create_switch
from gateway.practice.twin_servers import TwinServers
from gateway.practice.world import practice_snapshot
from gateway.store.database import Database

TICK_S: Final = 0.5
# Between two times that the state is written down, and that a new token is.
_KEEP_EVERY: Final = dt.timedelta(seconds=10)
_TOKEN_EVERY: Final = dt.timedelta(minutes=30)
# Programs that PanDA takes for members of the production group; people are what their tokens say.
_PRODUCTION_CLIENTS: Final = frozenset({"gateway-sync", "sampo"})
_SYNC_CLIENT: Final = "gateway-sync"
_LOGIN_CLIENT: Final = "gateway-login"
_SYNC_ACCOUNT: Final = "gateway"
# Of each task that people submit so many jobs fail at first: enough to see how that is mended.
_UNLUCKY: Final = 3


@dataclass(frozen=True, slots=True)
class GridWishes:
    """How a grid shall be: `speed` practice minutes in a minute, `first_port` 0 for any free ports."""

    speed: float = 30.0
    chains: int = 1
    first_port: int = 0
    has_switch: bool = False


class LivingGrid:
    """A grid whose state and secrets lie in a folder; started again there, it goes on."""

    def __init__(self, folder: Path, *, clock: Clock, wishes: GridWishes) -> None:
        self._folder, self._clock, self._wishes = folder, clock, wishes
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = clock()
        snapshot = practice_snapshot(now)
        iam = practice_iam(now)
        self.panda = PandaState(speed=wishes.speed, unlucky=_UNLUCKY)
        self.rucio = practice_catalogue(snapshot["rucio"], clock)  # type: ignore[arg-type]
        if restore(self._state_file, self.panda, self.rucio):
            self.rucio.count()
        else:
            self.panda.tasks = {one.task_id: one for one in tasks_of_snapshot(tasks(), job_counts(), now=now)}
        self.office = TokenOffice(iam, clock)
        self.rucio.identify = self._rucio_account
        # What is on its way Rucio shows to administrators only.
        self.rucio.admins.add(_SYNC_ACCOUNT)
        delivery = Delivery(self.rucio, tasks=self.panda.tasks)
        self.rucio.numbers = delivery.numbers
        self.panda.publish, self.panda.inputs = delivery.publish, delivery.inputs
        self._delivery = delivery
        self._chains = LiveChains(self.panda, wishes.chains)
        self._moved_at = self._kept_at = now
        self._token_at: dt.datetime | None = None
        self.faults = {name: Faults() for name in ("panda", "rucio", "cric", "iam")}
        self._servers = TwinServers(
            {
                "panda": create_panda_twin(
                    self.panda, clock=clock, identify=self._identify, faults=self.faults["panda"]
                ),
                "rucio": create_rucio_twin(self.rucio, faults=self.faults["rucio"]),
                "cric": create_cric_twin(practice_cric(now), clock=clock, faults=self.faults["cric"]),
                "iam": create_iam_twin(iam, clock=clock, faults=self.faults["iam"], office=self.office),
            },
            first_port=wishes.first_port,
            tick=self._tick,
            tick_s=TICK_S,
            make_switch=(lambda twins: create_switch(twins, self.faults)) if wishes.has_switch else None,
        )

    @property
    def _state_file(self) -> Path:
        return self._folder / "state.json"

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where each twin is, by its name; the switch too, if there is one."""
        switch = self._servers.switch
        return {
            **{name: twin.url for name, twin in self._servers.twins.items()},
            **({"switch": switch.url} if switch else {}),
        }

    def start(self) -> None:
        """Serve; secrets that the gateway needs are in the folder when this returns."""
        for name, secret in {
            "rucio.password": self.rucio.passwords[_SYNC_ACCOUNT],
            "iam.secret": self.office.state.clients[_SYNC_CLIENT].secret,
            "login.secret": self.office.state.clients[_LOGIN_CLIENT].secret,
        }.items():
            _write_secret(self._folder / name, secret)
        self._renew_token(self._clock())
        self._servers.start()

    def stop(self) -> None:
        """Stop serving, and write down how everything is."""
        self._servers.stop()
        keep(self._state_file, self.panda, self.rucio)

    def settings(self) -> Mapping[str, str]:
        """The settings of a gateway that reads this grid."""
        addresses = self.addresses
        return {
            "panda_url": addresses["panda"],
            "panda_token_file": str(self._folder / "panda.token"),
            "rucio_url": addresses["rucio"],
            "rucio_account": _SYNC_ACCOUNT,
            "rucio_username": _SYNC_ACCOUNT,
            "rucio_password_file": str(self._folder / "rucio.password"),
            "cric_url": addresses["cric"],
            "iam_issuer": addresses["iam"],
            "iam_client_id": _SYNC_CLIENT,
            "iam_client_secret_file": str(self._folder / "iam.secret"),
            "iam_login_client_id": _LOGIN_CLIENT,
            "iam_login_client_secret_file": str(self._folder / "login.secret"),
        }

    def advance(self, now: dt.datetime) -> None:
        """Let everything happen that is due at a moment."""
        self._chains.advance(now)
        self.panda.advance(now)
        # Whole files travel: less than a practice minute is left for the next time.
        minutes = int((now - self._moved_at).total_seconds() / 60 * self._wishes.speed)
        if minutes > 0:
            self._delivery.travel(minutes)
            self._moved_at += dt.timedelta(minutes=minutes) / self._wishes.speed

    def _tick(self) -> None:
        now = self._clock()
        self.advance(now)
        if now - self._kept_at >= _KEEP_EVERY:
            self.rucio.count()
            keep(self._state_file, self.panda, self.rucio)
            self._kept_at = now
        if self._token_at is None or now - self._token_at >= _TOKEN_EVERY:
            self._renew_token(now)

    def _renew_token(self, now: dt.datetime) -> None:
        form = {"grant_type": "client_credentials", "audience": "panda"}
        client = self.office.state.clients[_SYNC_CLIENT]
        answer = self.office.answer(f"{self.addresses['iam']}/", _SYNC_CLIENT, client, form)
        _write_secret(self._folder / "panda.token", str(answer["access_token"]))
        self._token_at = now

    def _identify(self, token: str) -> Identity | str:
        """Whom PanDA takes a token for."""
        claims = self.office.claims_in(token)
        if claims is None:
            return "Invalid token. Signature verification failed"
        said = claims.get("wlcg.groups")
        groups = {str(one).removeprefix("/") for one in (said if isinstance(said, list) else [])}
        if claims["sub"] in _PRODUCTION_CLIENTS:
            groups |= {"spd", "spd/production"}
        return Identity(str(claims.get("name", claims["sub"])), frozenset(groups))

    def _rucio_account(self, token: str) -> str | None:
        """Whose account Rucio finds for a token, which must be meant for Rucio."""
        claims = self.office.claims_in(token)
        audience = claims.get("aud") if claims else None
        if claims is None or "rucio" not in (audience if isinstance(audience, list) else [audience]):
            return None
        return str(claims.get("preferred_username", claims["sub"]))


async def load_live_requests(
    database: Database, *, chains: int, without: Collection[str], at: dt.datetime
) -> None:
    """Import the requests that the grid's chains produce, without those that are there already."""
    await import_readings(
        database,
        [one for one in live_requests(chains) if one.subject not in without],
        file_name=FILE_NAME,
        sha256=sha256(f"{FILE_NAME} {chains}".encode()).hexdigest(),
        imported_by=PRODUCTION_MANAGER,
        at=at,
        dry_run=False,
    )


def _write_secret(path: Path, secret: str) -> None:
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(secret)
    part.replace(path)
