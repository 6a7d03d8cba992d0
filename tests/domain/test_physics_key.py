"""A physics key has one text, whatever way the request was written down."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.physics_key import PhysicsKey
from gateway.errors import NamingError

CANONICAL = "spdroot-dev|4.1.7.2|minbias-P8-spdroot4172-dev|pp|27|UU|S2|DSSD,TOF,ZDC (sketch)|V02_D0sig"


def key(
    *,
    tag: str = "minbias-P8-spdroot4172-dev",
    energy: str = "27",
    geometry: tuple[str, ...] = ("DSSD", "TOF", "ZDC (sketch)"),
    script: str | None = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02_D0sig/simu.C",
) -> PhysicsKey:
    return PhysicsKey.of(
        software_project="spdroot-dev",
        software_version="4.1.7.2",
        tag=tag,
        collision_type="pp",
        energy_gev=Decimal(energy),
        polarization="UU",
        stage="S2",
        geometry=geometry,
        script=script,
    )


def test_the_text_of_a_key_is_fixed_because_databases_hold_it() -> None:
    assert str(key()) == CANONICAL


def test_flags_order_and_trailing_zeros_make_no_difference() -> None:
    other = key(
        tag="minbias-P8-spdroot4172-dev test", energy="27.0", geometry=("TOF", " ZDC (sketch)", "DSSD", "TOF")
    )

    assert other == key()
    assert str(other) == CANONICAL


@pytest.mark.parametrize(
    "other",
    [
        key(tag="minbias-FTF-spdroot4172-dev"),
        key(energy="13.5"),
        key(geometry=("DSSD", "TOF")),
        key(script=None),
        key(script="/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02/simu.C"),
    ],
)
def test_whatever_changes_the_random_numbers_changes_the_key(other: PhysicsKey) -> None:
    assert str(other) != CANONICAL


def test_the_script_of_another_step_in_the_same_directory_is_the_same_version() -> None:
    reco = "/cvmfs/spd.jinr.ru/production/MC/minbias-P8-spdroot4172-dev.27GeV.V02_D0sig/reco.C"

    assert key(script=reco) == key()


def test_a_script_outside_the_grammar_is_kept_whole() -> None:
    assert key(script="/eos/mine.C").script == "/eos/mine.C"


@given(st.lists(st.text(max_size=8), max_size=4), st.text(max_size=12), st.text(max_size=12) | st.none())
def test_every_key_reads_back_from_its_text(geometry: list[str], tag: str, script: str | None) -> None:
    written = key(geometry=tuple(geometry), tag=tag, script=script)

    assert PhysicsKey.parse(str(written)) == written


@pytest.mark.parametrize("text", ["", "a|b", CANONICAL + "|", CANONICAL.replace("DSSD,TOF", "TOF,DSSD")])
def test_a_text_we_would_not_write_is_refused(text: str) -> None:
    with pytest.raises(NamingError):
        PhysicsKey.parse(text)
