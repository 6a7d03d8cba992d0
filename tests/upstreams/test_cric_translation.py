"""CRIC's objects as our records."""

import datetime as dt

import pytest

from gateway.errors import GarbledError
from gateway.upstreams.cric.client import Document
from gateway.upstreams.cric.translate import (
    downtimes_of,
    entries_of,
    queue_of,
    service_of,
    site_of,
    storage_endpoint_of,
)

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
OUTAGE = {
    "id": 7,
    "site": "PNPI",
    "severity": "OUTAGE",
    "start_time": "2026-03-01T10:00:00",
    "end_time": "2038-01-19T03:14:00",
    "affected_services": "CE",
}
OUTAGE_RECORD = {
    "downtime_id": 7,
    "site_name": "PNPI",
    "severity": "OUTAGE",
    "classification": None,
    "starts_at": "2026-03-01T10:00:00+00:00",
    "ends_at": "2038-01-19T03:14:00+00:00",
    "affected": "CE",
    "description": None,
}


def document(content: object) -> Document:
    return Document(content, AT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content",
    [
        {"PNPI": [OUTAGE]},
        {"PNPI": {"7": OUTAGE}},
        {"PNPI": OUTAGE},
        [OUTAGE],
        [{**OUTAGE, "state": "ACTIVE"}],
    ],
    ids=["lists by site", "objects by id", "one by site", "list", "with a state"],
)
def test_every_shape_of_downtimes_says_the_same(content: object) -> None:
    assert list(downtimes_of(document(content))) == [OUTAGE_RECORD]


def test_a_downtime_without_id_or_site_takes_them_from_its_keys() -> None:
    bare = {name: value for name, value in OUTAGE.items() if name not in ("id", "site")}

    assert list(downtimes_of(document({"PNPI": {"7": bare}}))) == [OUTAGE_RECORD]


def test_a_downtime_that_was_called_off_is_none() -> None:
    assert list(downtimes_of(document([{**OUTAGE, "state": "DISABLED"}, OUTAGE]))) == [OUTAGE_RECORD]


def test_listed_services_are_named_and_a_long_list_is_cut() -> None:
    few = {**OUTAGE, "services": [{"name": "PNPI_EOS"}, {"name": "PNPI_SPD"}]}
    many = {**OUTAGE, "services": [{"name": f"service-{number:03}"} for number in range(100)]}

    short, long = (str(one["affected"]) for one in downtimes_of(document([few, many])))

    assert (short, len(long), long[-1]) == ("PNPI_EOS, PNPI_SPD", 500, "…")


@pytest.mark.parametrize("content", [{"error": "no such preset"}, {"a": [1]}, {"a": 3}, [[]]])
def test_what_is_no_downtime_is_an_error(content: object) -> None:
    with pytest.raises(GarbledError, match="downtime"):
        list(downtimes_of(document(content)))


@pytest.mark.parametrize("content", [{"error": "denied"}, [{"name": "JINR"}]])
def test_an_error_in_the_place_of_a_listing_is_no_listing(content: object) -> None:
    with pytest.raises(GarbledError, match="cric's site list"):
        list(entries_of(document(content), "site"))


def test_a_site_takes_cores_and_disk_of_its_centre_and_the_rest_of_its_own() -> None:
    site = {
        "rc_site": "JINR-T1",
        "country": "",
        "rc_country": "Russia",
        "tier_level": 1,
        "latitude": 56,
        "params": {"cores_usual": 600, "storage_raw_bytes": 9, "storage_note": "EOS"},
        "emailContact": "admin@practice.example",
        "unheard_of": {},
    }
    centre = {"cores": 1800.0, "disk_capacity": 12_520_000_000_000_000, "latitude": 1.0, "longitude": 37.19}

    assert site_of("T1_RU_JINR", site, {"JINR-T1": centre}) == {
        "name": "T1_RU_JINR",
        "centre_name": "JINR-T1",
        "country": "Russia",
        "state": None,
        "tier_level": 1,
        "cores": 1800,
        "cores_usual": 600,
        "storage_raw_bytes": 9,
        "storage_usable_bytes": 12_520_000_000_000_000,
        "storage_note": "EOS",
        "latitude": 56.0,
        "longitude": 37.19,
    }


def test_an_unknown_centre_is_named_and_says_nothing() -> None:
    record = site_of("A", {"rc_site": "B"}, {})

    # Not said, which keeps what was known before; None would say that there are none.
    assert record["centre_name"] == "B"
    assert {"cores", "storage_usable_bytes", "country"}.isdisjoint(record)
    assert site_of("A", {"rc_site": "NULL"}, {})["centre_name"] is None


def test_a_queue_of_the_time_of_agis_has_the_name_that_panda_uses() -> None:
    queue = {"name": "default", "panda_resource": "JINR_MCORE", "atlas_site": "JINR-LCG2", "site": "other"}

    record = queue_of("key", queue | {"corecount": "8", "maxrss": 0, "maxtime": 172800}, "spd")

    assert (record["name"], record["site_name"]) == ("JINR_MCORE", "JINR-LCG2")
    assert (record["core_count"], record["max_rss_mb"], record["max_walltime_s"]) == (8, None, 172800)


def test_the_field_of_the_own_experiment_says_the_site_before_that_of_another() -> None:
    assert queue_of("Q", {"atlas_site": "A", "spd_site": "S"}, "spd")["site_name"] == "S"


def test_an_unknown_status_is_passed_on_and_a_wrong_kind_is_left_to_be_judged() -> None:
    record = queue_of("Q", {"status": "dreaming", "corecount": "many"}, "spd")

    assert (record["status"], record["core_count"]) == ("dreaming", "many")


def test_a_storage_is_called_as_its_key_says() -> None:
    record = storage_endpoint_of("DEV_CLOUD_S3", {"name": "BNL_LOGS", "site": "BNL", "is_tape": False})

    assert (record["rse_name"], record["site_name"], record["is_tape"]) == ("DEV_CLOUD_S3", "BNL", False)


def test_addresses_of_people_are_left_out_of_remarks() -> None:
    comment = "ask <somebody@practice.example>, or other.one@practice.example; ok"

    said = queue_of("Q", {"comment": comment}, "spd")["comment"]

    assert said == "ask <(address left out)>, or (address left out); ok"


def test_a_service_belongs_to_the_only_site_of_its_centre() -> None:
    sites = {"JINR": "JINR_SITE"}

    assert service_of("ce1", {"rcsite": "JINR", "type": "CE"}, sites)["site_name"] == "JINR_SITE"
    assert service_of("ce2", {"rcsite": "PNPI"}, sites)["site_name"] is None
    assert service_of("ce3", {"site": "own", "rcsite": "JINR"}, sites)["site_name"] == "own"
