"""Secrets that are planted in a whole session are looked for afterwards in everything that can be seen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway.app import utc_now
from gateway.auth.permissions import Right
from gateway.connect import iam_provider, vault_of
from gateway.errors import CredentialMissingError
from gateway.practice.iam_objects import practice_iam
from gateway.practice.iam_tokens import TokenOffice
from gateway.practice.iam_twin import create_iam_twin
from gateway.store.database import Database
from tests.app.browser import OWN, log_in, login_settings, running, tab, who
from tests.auth.issuer import SUBJECT
from tests.support.planted import everything, lines_logged
from tests.support.serving import served

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)
CREDENTIAL = f"person:{SUBJECT}"


class Recorder(TokenOffice):
    """A practice IAM's office that remembers every secret it gave out."""

    def answer(self, *arguments: Any, **given: Any) -> Any:
        answer = super().answer(*arguments, **given)
        SECRETS.update(str(value) for name, value in answer.items() if name.endswith("_token"))
        return answer


SECRETS: set[str] = set()


@pytest.fixture
def seen() -> Iterator[list[str]]:
    with lines_logged() as lines:
        yield lines


async def test_no_secret_is_seen_anywhere(own_world: Database, tmp_path: Path, seen: list[str]) -> None:
    SECRETS.clear()
    office = Recorder(practice_iam(utc_now()), utc_now)
    with served(create_iam_twin(office.state, clock=utc_now, office=office), date_header=False) as url:
        settings = login_settings(f"{url}/", tmp_path)
        keys = settings.vault_keys.get_secret_value()
        async with running(settings, own_world) as app:
            sent: list[str] = []

            async def listening(scope: Scope, receive: Receive, send: Send) -> None:
                async def heard(message: Message) -> None:
                    sent.append(repr(message))
                    await send(message)

                await app(scope, receive, heard)

            async with tab(listening) as client:  # type: ignore[arg-type]
                landed = await log_in(client, "prodman")
                cookie = client.cookies["gateway"]
                iam = iam_provider(settings)
                vault = vault_of(settings, iam, own_world, utc_now)
                assert vault is not None
                assert iam is not None
                for_panda = await vault.token_for(CREDENTIAL, "panda", Right.SUBMIT)
                errors = [repr(vault), repr(vars(vault)), repr(settings), str(settings)]
                script = tab(listening)  # type: ignore[arg-type]
                await who(script, authorization=f"Bearer {for_panda}")
                await who(script, authorization=f"Bearer {for_panda}x")
                await script.get("/auth/callback", params={"code": for_panda, "state": for_panda})
                office.state.users[SUBJECT]["active"] = False
                try:
                    await vault.token_for(CREDENTIAL, "rucio", Right.SUBMIT)
                except CredentialMissingError as error:
                    errors += [str(error), repr(error), repr(error.__cause__)]
                await client.post("/auth/logout", headers=OWN)
                await script.aclose()
                await iam.close()
    rows = await everything(own_world)

    assert len(SECRETS) >= 4
    for secret in {*SECRETS, keys, "practice-secret"}:
        for place, texts in {
            "a log": seen,
            "an answer": sent,
            "an error or a repr": errors,
            "the database": rows,
            "an address": [landed.headers["location"]],
        }.items():
            assert not [text for text in texts if secret in text], place
    assert not [text for text in seen + errors + rows if cookie in text]
    # The control: the search does find what is there.
    assert [text for text in sent if cookie in text]
    assert [text for text in seen if "auth/callback" in text]
