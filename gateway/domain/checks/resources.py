"""Checks before a submission: the requester may, there is room, and no downtime is announced."""

import datetime as dt
from collections.abc import Collection, Iterable

from gateway.domain.facts import DowntimeFacts, PersonFacts, QuotaFacts, RequestFacts, StorageFacts
from gateway.domain.findings import Evidence, Finding, Severity, Subject, SubjectKind, about_request
from gateway.domain.forecast import Forecast, NoHistory


def requester_has_role(request: RequestFacts, person: PersonFacts | None, role: str) -> tuple[Finding, ...]:
    """Invariant 10: the requester has the role; a person or roles not known give INFO "cannot be checked"."""
    if person is None or person.roles is None:
        requester = request.requested_by or "the requester"
        message = f"The roles of {requester} cannot be checked: they are not known."
        return (about_request(request.name, 10, "roles-unknown", Severity.INFO, message),)
    if role in person.roles:
        return ()
    message = f"{person.user_name} does not have the role {role}."
    evidence = Evidence("roles", ", ".join(sorted(person.roles)) or "none")
    return (about_request(request.name, 10, "role-missing", Severity.BLOCKER, message, evidence),)


def storage_has_room(
    request: RequestFacts, need: Forecast | NoHistory, storage: StorageFacts
) -> tuple[Finding, ...]:
    """Invariant 10: the free space of the target holds the highest forecast (GB are 10^9 bytes).

    Without history or free space: INFO "cannot be checked".
    """
    return _room(request, need, storage.free_bytes, storage.name, "storage")


def quota_has_room(
    request: RequestFacts, need: Forecast | NoHistory, quota: QuotaFacts
) -> tuple[Finding, ...]:
    """Invariant 10: the account's quota at the target holds the highest forecast besides what it keeps.

    Without history, limit or use: INFO "cannot be checked".
    """
    is_known = quota.limit_bytes is not None and quota.used_bytes is not None
    left = (quota.limit_bytes or 0) - (quota.used_bytes or 0) if is_known else None
    return _room(request, need, left, quota.storage, "quota")


def _room(
    request: RequestFacts, need: Forecast | NoHistory, left_bytes: int | None, storage: str, what: str
) -> tuple[Finding, ...]:
    subject = Subject(SubjectKind.STORAGE, storage)
    if isinstance(need, NoHistory) or left_bytes is None:
        lacking = "the need" if isinstance(need, NoHistory) else f"the {what}"
        message = f"Whether {storage} has room for {request.name} cannot be checked: {lacking} is not known."
        evidence = Evidence("storage", storage, subject)
        return (about_request(request.name, 10, f"{what}-unchecked", Severity.INFO, message, evidence),)
    highest = round(need.size_bytes.highest)
    if highest <= left_bytes:
        return ()
    message = (
        f"{request.name} {need.step} needs up to {highest / 1e9:.2f} GB at {storage}, "
        f"but its {what} has {left_bytes / 1e9:.2f} GB left."
    )
    evidence_of_need = (
        Evidence("storage", storage, subject),
        Evidence("needed bytes", str(highest)),
        Evidence("bytes left", str(left_bytes)),
        Evidence("forecast from tasks", ", ".join(map(str, need.task_ids))),
    )
    return (
        about_request(request.name, 10, f"{what}-too-small", Severity.BLOCKER, message, *evidence_of_need),
    )


def no_downtime_announced(
    request: RequestFacts,
    downtimes: Iterable[DowntimeFacts],
    *,
    sites: Collection[str],
    starts_at: dt.datetime,
    ends_at: dt.datetime,
) -> tuple[Finding, ...]:
    """Invariant 10: no target site has announced a downtime while the work will run; a WARNING."""
    return tuple(
        about_request(
            request.name,
            10,
            "downtime-announced",
            Severity.WARNING,
            f"{downtime.service or downtime.site} is down from {downtime.starts_at:%Y-%m-%d %H:%M} "
            f"to {downtime.ends_at:%Y-%m-%d %H:%M} UTC.",
            Evidence("site", downtime.site, Subject(SubjectKind.SITE, downtime.site)),
            Evidence("reason", downtime.reason or "not given"),
        )
        for downtime in downtimes
        if downtime.site in sites and downtime.starts_at < ends_at and starts_at < downtime.ends_at
    )
