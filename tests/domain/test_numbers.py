"""Numbers are read as people write them, echoed, and refused when they could mean two things."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.numbers import Understood, parse_count, parse_energy, parse_seed_range
from gateway.domain.seeds import INT64_MAX, SeedRange
from gateway.errors import NumberError


@pytest.mark.parametrize(
    "text",
    [
        "40000000",
        "40 000 000",
        "40\u00a0000\u00a0000",
        "40\u202f000\u202f000",
        "40\u2009000\u00a0000",
        "40,000,000",
        "40_000_000",
        " 40 000 000\n",
        "\ufeff40000000",
        "0040000000",
    ],
)
def test_forty_million_is_understood_in_every_spelling(text: str) -> None:
    assert parse_count(text) == Understood(text, 40_000_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1,5",
        "40.000.000",
        "40.0",
        "40 000,000",
        "40 00 000",
        "4000 000",
        "0 400",
        "40,,000",
        "40  000",
        "-5",
        "+5",
        "\u22125",
        "0",
        "000",
        "NaN",
        "Infinity",
        "1e6",
        "40M",
        "４０",
        "٤٠",
        "²",
        "9223372036854775808",
        "9" * 5000,
        "4\n000",
    ],
)
def test_a_count_that_is_unclear_or_unusable_is_refused(text: str) -> None:
    with pytest.raises(NumberError):
        parse_count(text)


def test_the_largest_count_is_the_largest_the_database_keeps() -> None:
    assert parse_count("9,223,372,036,854,775,807").value == INT64_MAX


@given(st.integers(1, INT64_MAX), st.sampled_from(["", " ", "\u00a0", "\u2009", "\u202f", ",", "_"]))
def test_every_count_reads_back_from_every_grouping(value: int, separator: str) -> None:
    assert parse_count(f"{value:,}".replace(",", separator)).value == value


@given(st.text(max_size=20))
def test_any_text_is_a_count_or_a_number_error(text: str) -> None:
    try:
        understood = parse_count(text)
    except NumberError:
        return

    assert 0 < understood.value <= INT64_MAX


@pytest.mark.parametrize(
    "text",
    [
        "10001-20000",
        "10001–20000",
        "10001 — 20000",
        "10001\u221220000",
        "10 001-20 000",
        "10,001\u2011 20,000",
        "\u00a010001 - 20000 ",
    ],
)
def test_a_seed_range_is_understood_with_every_dash(text: str) -> None:
    assert parse_seed_range(text) == Understood(text, SeedRange(10_001, 20_000))


@pytest.mark.parametrize("text", ["", "7", "20000-10001", "1-2-3", "-5", "1-", "1--2", "0-5", "1,5-7", "a-b"])
def test_a_seed_range_that_is_unclear_is_refused(text: str) -> None:
    with pytest.raises(NumberError):
        parse_seed_range(text)


@pytest.mark.parametrize(
    ("text", "energy"),
    [
        ("27 GeV", "27"),
        ("27", "27"),
        ("27GeV", "27"),
        ("13.5 GeV", "13.5"),
        ("4 ГэВ", "4"),
        ("27\u00a0gev ", "27"),
        ("0.5", "0.5"),
    ],
)
def test_an_energy_is_understood_in_gev(text: str, energy: str) -> None:
    assert parse_energy(text) == Understood(text, Decimal(energy))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13,5 GeV",
        "27 TeV",
        "900 МэВ",
        "GeV",
        "0 GeV",
        "-4",
        "NaN",
        "Infinity",
        "1e3",
        "1000000",
        "0.0001",
        "27 GeV GeV",
    ],
)
def test_an_energy_that_is_unclear_or_unusable_is_refused(text: str) -> None:
    with pytest.raises(NumberError):
        parse_energy(text)


def test_a_refusal_says_what_to_write_instead() -> None:
    with pytest.raises(NumberError) as refusal:
        parse_count("40.000.000")

    assert refusal.value.message == (
        "'40.000.000' is not a whole number above 0. Write it like 40000000 or 40 000 000."
    )


def test_what_was_understood_is_said_back() -> None:
    rewritten, plain = parse_count("40 000 000"), parse_count("4000")

    assert str(rewritten) == "'40 000 000' was read as 40000000"
    assert (rewritten.is_rewritten, plain.is_rewritten) == (True, False)
