"""Whoever leaves a group in IAM is acted for no more from the next reading on, deed by deed."""

import pytest
from sqlalchemy import select

from gateway.auth.permissions import Right
from gateway.auth.roles import RoleRules, parse_roles
from gateway.auth.sealing import sealer_of
from gateway.auth.standing import standing_of
from gateway.auth.vault import Vault
from gateway.domain.submission import Accepted
from gateway.errors import CredentialMissingError
from gateway.practice.iam_objects import many_users
from gateway.settings import Settings
from gateway.store.attempts import Attempt
from gateway.store.database import Database
from gateway.sync.outbox import Outbox
from tests.auth.test_vault import CREDENTIAL, KEYS, PLANTED, Office
from tests.support.iam_readings import PRODMAN, IamReadings, iam_readings
from tests.sync.test_outbox import START, TIMING, World, plan

RULES = RoleRules(parse_roles(Settings().roles, "GATEWAY_ROLES"))


async def vault_of(database: Database, office: Office) -> Vault:
    vault = Vault(database, sealer_of(KEYS, "KEYS"), office, office.clock, RULES)
    await vault.keep_refresh(PRODMAN, PLANTED)
    return vault


def also_operates(iam: IamReadings) -> None:
    """Put the production manager into the operators' group as well."""
    group = next(one for one in iam.state.groups.values() if one["displayName"] == "spd/operations")
    user = iam.state.users[PRODMAN]
    user["groups"] = [*user["groups"], {"value": group["id"], "display": "spd/operations"}]


@pytest.mark.parametrize(
    ("needs", "state"), [(Right.SUBMIT, "NEEDS_LOGIN"), (Right.REPAIR, "SUBMITTED")], ids=str
)
async def test_what_is_queued_is_sent_while_its_own_right_is_there(
    database: Database, needs: Right, state: str
) -> None:
    office, world = Office(now=START), World(replies=[Accepted(7)])
    await plan(database, credential=CREDENTIAL, needs=needs)
    async with iam_readings(database, START) as iam:
        also_operates(iam)
        await iam.read()
        vault = await vault_of(database, office)
        iam.leave(PRODMAN, "spd/production")
        await iam.read()

    outbox = Outbox(
        database, world, world, vault, clock=lambda: START, owner="one", timing=TIMING, per_second=1000
    )
    await outbox.work()
    await outbox.drain()
    await outbox.close()

    async with database.snapshot() as session:
        sent = (await session.scalars(select(Attempt))).one()
    assert sent.state == state
    assert len(world.sent) == (1 if needs is Right.REPAIR else 0)
    assert len(office.asked) == len(world.sent)
    reason = "prodman has left spd/production in IAM, and with it the right 'submit'"
    assert (reason in (sent.reason or "")) == (needs is Right.SUBMIT)


async def test_a_removal_that_is_held_does_not_hold_up_the_end_of_a_right(database: Database) -> None:
    office = Office(now=START)
    async with iam_readings(database, START) as iam:
        groups = iam.state.users[PRODMAN]["groups"]
        for user in many_users(20, START):
            iam.state.users[str(user["id"])] = {**user, "groups": [dict(one) for one in groups]}
        await iam.read()
        vault = await vault_of(database, office)
        before = await vault.token_for(CREDENTIAL, "panda", Right.SUBMIT)
        for subject in iam.state.users:
            iam.leave(subject, "spd/production")
        held = await iam.read()

    assert (before, held.verdict) == ("panda-1", "HELD")
    with pytest.raises(CredentialMissingError, match="has left spd/production in IAM"):
        await vault.token_for(CREDENTIAL, "panda", Right.SUBMIT)


async def test_nobody_is_acted_for_whom_the_last_reading_lacked(database: Database) -> None:
    office = Office(now=START)
    async with iam_readings(database, START) as iam:
        vault = await vault_of(database, office)
        iam.state.users.clear()
        held = await iam.read()

    assert held.verdict == "HELD"
    with pytest.raises(CredentialMissingError, match="nothing is done in the name of prodman"):
        await vault.token_for(CREDENTIAL, "panda", Right.STEER)
    assert office.asked == []


async def test_the_groups_of_people_whose_loss_is_not_believed_stand(database: Database) -> None:
    async with iam_readings(database, START) as iam:
        everywhere = [dict(one) for one in iam.state.users[PRODMAN]["groups"]]
        for user in many_users(16, START):
            iam.state.users[str(user["id"])] = {**user, "groups": everywhere}
        lost = [str(user["id"]) for user in many_users(27, START)][16:]
        for user in many_users(27, START):
            if str(user["id"]) in lost:
                iam.state.users[str(user["id"])] = user
        await iam.read()
        for subject in lost:
            del iam.state.users[subject]
        held = await iam.read()

    assert held.verdict == "HELD"
    async with database.snapshot() as session:
        standing = await standing_of(session, lost[0])
    assert standing is not None
    assert (standing.is_doubtful, standing.left, standing.groups) == (True, frozenset(), ())
