"""Resources: what is known to be missing blocks, what is not known is said to be unchecked."""

import datetime as dt
from dataclasses import replace

import pytest

from gateway.domain.checks.resources import (
    no_downtime_announced,
    quota_has_room,
    requester_has_role,
    storage_has_room,
)
from gateway.domain.facts import DowntimeFacts, QuotaFacts, StorageFacts
from gateway.domain.findings import Evidence, Severity, Subject, SubjectKind
from gateway.domain.forecast import NoHistory
from gateway.domain.names import SIM
from tests.domain.samples import NEED, NOW, PERSON, REQUEST

HIGHEST = 18_364_400_000_000
EOS = Subject(SubjectKind.STORAGE, "JINR_EOS")


def test_a_requester_with_the_role_passes() -> None:
    assert requester_has_role(REQUEST, PERSON, "production") == ()


def test_a_requester_without_the_role_is_stopped() -> None:
    (found,) = requester_has_role(REQUEST, replace(PERSON, roles=frozenset({"analyst"})), "production")

    assert (found.invariant, found.code, found.severity) == (10, "role-missing", Severity.BLOCKER)
    assert found.message == "prodman does not have the role production."
    assert found.evidence == (Evidence("roles", "analyst"),)


def test_roles_that_are_not_known_are_said_to_be_unchecked() -> None:
    for person in (None, replace(PERSON, roles=None)):
        (found,) = requester_has_role(REQUEST, person, "production")

        assert (found.code, found.severity) == ("roles-unknown", Severity.INFO)
        assert found.message == "The roles of prodman cannot be checked: they are not known."


def test_room_for_the_highest_forecast_is_enough() -> None:
    assert storage_has_room(REQUEST, NEED, StorageFacts(name="JINR_EOS", free_bytes=HIGHEST)) == ()
    quota = QuotaFacts(account="prodman", storage="JINR_EOS", limit_bytes=HIGHEST + 5, used_bytes=5)
    assert quota_has_room(REQUEST, NEED, quota) == ()


def test_one_byte_too_few_at_the_storage_blocks() -> None:
    (found,) = storage_has_room(REQUEST, NEED, StorageFacts(name="JINR_EOS", free_bytes=HIGHEST - 1))

    assert (found.code, found.severity) == ("storage-too-small", Severity.BLOCKER)
    assert found.message == (
        "PROD2025-016 SIM needs up to 18364.40 GB at JINR_EOS, but its storage has 18364.40 GB left."
    )
    assert found.evidence == (
        Evidence("storage", "JINR_EOS", EOS),
        Evidence("needed bytes", "18364400000000"),
        Evidence("bytes left", "18364399999999"),
        Evidence("forecast from tasks", "356, 358"),
    )


def test_one_byte_too_few_of_the_quota_blocks() -> None:
    quota = QuotaFacts(account="prodman", storage="JINR_EOS", limit_bytes=HIGHEST, used_bytes=1)

    (found,) = quota_has_room(REQUEST, NEED, quota)

    assert found.code == "quota-too-small"


def test_room_that_is_not_known_is_said_to_be_unchecked() -> None:
    (no_history,) = storage_has_room(
        REQUEST, NoHistory(SIM, 10_000), StorageFacts(name="JINR_EOS", free_bytes=1)
    )
    (no_space,) = storage_has_room(REQUEST, NEED, StorageFacts(name="JINR_EOS"))
    (no_use,) = quota_has_room(REQUEST, NEED, QuotaFacts(account="a", storage="JINR_EOS", limit_bytes=1))

    assert [found.severity for found in (no_history, no_space, no_use)] == [Severity.INFO] * 3
    assert no_history.message == (
        "Whether JINR_EOS has room for PROD2025-016 cannot be checked: the need is not known."
    )
    assert (no_space.code, no_use.code) == ("storage-unchecked", "quota-unchecked")


DAY = dt.timedelta(days=1)
DOWNTIME = DowntimeFacts(site="JINR", starts_at=NOW + DAY, ends_at=NOW + 2 * DAY, reason="power")


def test_a_downtime_at_a_target_site_while_the_work_runs_is_told() -> None:
    (found,) = no_downtime_announced(
        REQUEST, [DOWNTIME], sites={"JINR"}, starts_at=NOW, ends_at=NOW + 3 * DAY
    )

    assert (found.code, found.severity) == ("downtime-announced", Severity.WARNING)
    assert found.message == "JINR is down from 2025-05-06 00:00 to 2025-05-07 00:00 UTC."
    assert found.evidence == (
        Evidence("site", "JINR", Subject(SubjectKind.SITE, "JINR")),
        Evidence("reason", "power"),
    )


@pytest.mark.parametrize(
    ("site", "starts_at", "ends_at"),
    [("PNPI", NOW, NOW + 3 * DAY), ("JINR", NOW, NOW + DAY), ("JINR", NOW + 2 * DAY, NOW + 3 * DAY)],
)
def test_a_downtime_elsewhere_or_at_another_time_is_no_finding(
    site: str, starts_at: dt.datetime, ends_at: dt.datetime
) -> None:
    assert (
        no_downtime_announced(REQUEST, [DOWNTIME], sites={site}, starts_at=starts_at, ends_at=ends_at) == ()
    )
