import math

from gateway.store.sources import SourceName
from gateway.sync.records import SECTIONS

QUOTAS = next(section for section in SECTIONS[SourceName.RUCIO] if section.name == "quotas")
QUOTA = {"account": "prodman", "rse_name": "JINR_EOS", "limit_bytes": 5}


def test_a_record_is_the_same_in_any_order_and_whatever_is_not_read_of_it():
    again = {**dict(reversed(QUOTA.items())), "colour": "blue"}

    assert QUOTAS.record_hash(again) == QUOTAS.record_hash(QUOTA)


def test_every_value_that_is_read_tells_one_record_from_another():
    limits = (5, 5.0, "5", None, math.inf, -1, True)

    hashes = {QUOTAS.record_hash({**QUOTA, "limit_bytes": limit}) for limit in limits}

    without = {name: value for name, value in QUOTA.items() if name != "limit_bytes"}
    assert len(hashes | {QUOTAS.record_hash(without)}) == len(limits) + 1
