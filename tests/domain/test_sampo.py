"""A Sampo configuration says the same as a request, or is refused by the name of its field."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.sampo import definition_of_sampo
from gateway.errors import InputError

CONFIG: dict[str, Any] = {
    "sampo": 1,
    "stage": "S2",
    "process": "minbias",
    "generator": "FTF",
    "collision": "dd",
    "energy_gev": 13.5,
    "polarization": "UU",
    "software": {"project": "sampo", "version": "1.2.0"},
    "geometry_tag": "S2-2026-v1",
    "events": 400_000,
    "events_per_file": 4_000,
    "steps": [{"kind": "SIM", "job_options": "/cvmfs/simu.py"}, {"kind": "RECO", "reads": "SIM"}],
}


def test_a_configuration_is_a_definition() -> None:
    found = definition_of_sampo(CONFIG)

    assert found.tag == "dd-minbias-FTF-sampo12"
    assert (found.energy_gev, found.jobs, found.geometry) == (Decimal("13.5"), 100, ("S2-2026-v1",))
    assert [(step.kind, step.script, step.reads) for step in found.steps] == [
        ("SIM", "/cvmfs/simu.py", None),
        ("RECO", None, "SIM"),
    ]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"sampo": 2}, "sampo: 2"),
        ({"sampo": True}, "sampo: True"),
        ({"stagee": "S2"}, "Did you mean stage"),
        ({"software": {"project": "sampo"}}, "software: lacks version"),
        ({"software": "sampo 1.2"}, "software: an object"),
        ({"software": {"project": "sampo", "version": 1.2}}, "software.version"),
        ({"software": {"project": "Sampo", "version": "1.2"}}, "software project"),
        ({"process": "min bias"}, "process"),
        ({"events": "many"}, "events"),
        ({"steps": []}, "steps"),
        ({"steps": ["SIM"]}, "steps 1"),
        ({"steps": [{"kind": "SIM", "script": "x"}]}, "steps 1: there is no field 'script'"),
        ({"test": "yes"}, "is_test"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(change: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        definition_of_sampo({**deepcopy(CONFIG), **change})


@pytest.mark.parametrize("config", [None, [], "text", 1, {}])
def test_what_is_no_configuration_is_refused(config: object) -> None:
    with pytest.raises(InputError, match="the configuration"):
        definition_of_sampo(config)
