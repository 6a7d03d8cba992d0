"""Names of settings: a slip is refused, what scripts and tests read is not."""

import re
from pathlib import Path

import pytest

from gateway.errors import SettingError
from gateway.settings import OF_SCRIPTS_AND_TESTS, PREFIX, Settings, refuse_unknown

ROOT = Path(__file__).parents[1]
KNOWN = [f"{PREFIX}{name}".upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", ["GATEWAY_PORT", "gateway_port", "GATEWAY_REAL", "GATE", "PATH"])
def test_a_name_that_somebody_reads_is_let_through(name: str) -> None:
    refuse_unknown([name], known=KNOWN)


def test_every_unknown_name_is_told_and_only_near_ones_are_proposed() -> None:
    with pytest.raises(SettingError) as refusal:
        refuse_unknown(["GATEWAY_XYZZY", "gateway_rucio_ur"], known=KNOWN)

    assert refusal.value.message == (
        "GATEWAY_XYZZY is no setting; gateway_rucio_ur is no setting, GATEWAY_RUCIO_URL is. "
        "Correct or remove it; docs/settings.md lists the settings"
    )


def test_what_scripts_and_tests_read_is_declared_and_what_is_declared_is_read() -> None:
    reading = re.compile(
        r"""(?:environ(?:\.get)?[(\[]|getenv\()\s*["'](GATEWAY_[A-Z0-9_]+)|\$\{?(GATEWAY_[A-Z0-9_]+)"""
    )
    files = [
        path
        for folder in ("tests", "scripts", "bench", "Makefile")
        for path in ([ROOT / folder] if (ROOT / folder).is_file() else sorted((ROOT / folder).rglob("*")))
        if path.suffix in {".py", ".sh", ""} and path.is_file() and "node_modules" not in path.parts
    ]

    read = {name for path in files for found in reading.findall(path.read_text()) for name in found if name}

    assert read - set(KNOWN) == OF_SCRIPTS_AND_TESTS
