"""The trail in the schema: by right only, newest first, filtered and sorted as every list."""

import pytest

from gateway.auth.permissions import RIGHTS, Right, Role
from gateway.auth.viewer import Viewer
from gateway.store.audit import AuditEntry, AuditOutcome, record
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.store.factories import AT
from tests.support.asking import Asker
from tests.support.databases import counted_statements

ALL = "{ auditTrail { totalCount nodes { number actor action objectKey before outcome } } }"


@pytest.fixture
async def asker(database: Database) -> Asker:
    async with database.transaction() as session:
        for actor, action, outcome in (
            ("prodman", "approveRequest", AuditOutcome.DONE),
            ("analyst", "submitRequest", AuditOutcome.REFUSED),
            ("prodman", "submitRequest", AuditOutcome.UNKNOWN),
        ):
            await record(
                session,
                AuditEntry(
                    actor=actor,
                    action=action,
                    object_kind="Request",
                    object_key="PROD2025-013",
                    before={"intent": "READY"},
                    outcome=outcome,
                    at=AT,
                ),
            )
    return Asker(database, LOADED_AT)


async def test_the_newest_comes_first(asker: Asker) -> None:
    with counted_statements(asker.database) as statements:
        found = (await asker(ALL))["auditTrail"]

    assert (found["totalCount"], [node["number"] for node in found["nodes"]]) == (3, [3, 2, 1])
    assert found["nodes"][0] == {
        "number": 3,
        "actor": "prodman",
        "action": "submitRequest",
        "objectKey": "PROD2025-013",
        "before": '{"intent":"READY"}',
        "outcome": "UNKNOWN",
    }
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("filter_", "numbers"),
    [
        ('{ actor: { eq: "prodman" } }', [3, 1]),
        ("{ outcome: [REFUSED, UNKNOWN] }", [3, 2]),
        ('{ action: { contains: "submit" }, not: { outcome: [REFUSED] } }', [3]),
        ("{ number: { lt: 2 } }", [1]),
    ],
)
async def test_it_is_filtered_as_every_list(asker: Asker, filter_: str, numbers: list[int]) -> None:
    found = await asker(f"{{ auditTrail(filter: {filter_}) {{ nodes {{ number }} }} }}")

    assert [node["number"] for node in found["auditTrail"]["nodes"]] == numbers


@pytest.mark.parametrize("role", [role for role in Role if Right.READ_AUDIT not in RIGHTS[role]])
async def test_only_an_administrator_sees_it(asker: Asker, role: Role) -> None:
    asker.viewer = Viewer("somebody", RIGHTS[role], frozenset({role}), subject="s")

    with counted_statements(asker.database) as statements:
        answer = await asker.answer(ALL)

    assert answer["data"] == {"auditTrail": None}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert not [statement for statement in statements if "audit_entries" in statement]


async def test_an_administrator_does(asker: Asker) -> None:
    asker.viewer = Viewer("voadmin", RIGHTS[Role.ADMINISTRATOR], subject="s")

    assert (await asker(ALL))["auditTrail"]["totalCount"] == 3
