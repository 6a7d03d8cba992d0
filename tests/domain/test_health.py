"""Checks of services as data: what they hold against what, and which files are refused."""

import json
import math
import re

import pytest

from gateway.domain.health import Look, WebCheck, web_checks
from gateway.errors import InputError
from tests.support.postgres import ROOT

WELL = "as it should be"
LOSS = {
    "name": "loss-jinr-pnpi",
    "title": "Packet loss JINR to PNPI",
    "group": "network",
    "url": "https://ps.example/last.json",
    "pointer": "/summaries/0/loss",
    "at_most": 0.01,
}


@pytest.mark.parametrize(
    ("bounds", "answer", "look"),
    [
        ({"at_most": 0.01}, {"a": [{"b": 0.002}]}, Look(True, "0.002", value=0.002, state=WELL)),
        (
            {"at_most": 0.01},
            {"a": [{"b": 0.5}]},
            Look(False, "0.5, more than 0.01", value=0.5, state="more than 0.01"),
        ),
        (
            {"at_least": 8, "unit": "Gbit/s"},
            {"a": [{"b": 7}]},
            Look(False, "7 Gbit/s, less than 8 Gbit/s", value=7.0, state="less than 8 Gbit/s"),
        ),
        ({"at_least": 8}, {"a": [{"b": True}]}, Look(False, "True is no number", state="no number")),
        ({"equals": "ok"}, {"a": [{"b": "ok"}]}, Look(True, "ok", state=WELL)),
        ({"equals": "ok"}, {"a": [{"b": "bad"}]}, Look(False, "bad, not ok", state="not ok")),
        ({"equals": "ok"}, {"a": []}, Look(False, "the answer has nothing at /a/0/b")),
        ({"at_most": 1}, {"a": [{"b": math.nan}]}, Look(False, "what is at /a/0/b is no finite number")),
        ({}, {"a": [{"b": -math.inf}]}, Look(False, "what is at /a/0/b is no finite number")),
        ({}, {"a": [{"b": "a\x00b\x1b[2J\ud800é"}]}, Look(True, r"a\x00b\x1b[2J\ud800é", state=WELL)),
        ({"equals": "ok"}, "text", Look(False, "the answer has nothing at /a/0/b")),
    ],
)
def test_a_value_is_held_against_its_bounds(bounds: dict[str, object], answer: object, look: Look) -> None:
    check = WebCheck("c", "C", "https://c.example", pointer="/a/0/b", **bounds)  # type: ignore[arg-type]

    assert check.judge(answer) == look


TOKENS = {"JINR_EOS": {"takes": True}, "PNPI_EOS": {"takes": False}, "SSAU_DISK": {}}


@pytest.mark.parametrize(
    ("things", "label", "look"),
    [
        ({"JINR_EOS": {"takes": True}}, None, Look(True, "1 of 1 as it should be", value=1.0, state=WELL)),
        (
            TOKENS,
            None,
            Look(
                False,
                "1 of 3 as it should be, not PNPI_EOS: False, not True; "
                "SSAU_DISK: the answer has nothing at /takes",
                value=1.0,
                state="not PNPI_EOS, SSAU_DISK",
            ),
        ),
        (
            [{"ce": "ce1", "takes": False}, {"ce": "ce2", "takes": True}],
            "/ce",
            Look(False, "1 of 2 as it should be, not ce1: False, not True", value=1.0, state="not ce1"),
        ),
        (
            [{"takes": True}, {"takes": 1}],
            None,
            Look(False, "1 of 2 as it should be, not 2: 1, not True", value=1.0, state="not 2"),
        ),
        ({}, None, Look(False, "there is nothing at '/things' to look at")),
        ("text", None, Look(False, "the answer has no things to look at at '/things', or no 'list'")),
        ([{}], "/ce", Look(False, "the answer has no things to look at at '/things', or no 'ce'")),
    ],
)
def test_each_of_many_things_is_held_against_the_bounds(
    things: object, label: str | None, look: Look
) -> None:
    check = WebCheck(
        "c", "C", "https://c.example", each="/things", label=label, pointer="/takes", equals=True
    )

    assert check.judge({"things": things}) == look


def test_of_many_things_that_are_not_well_some_are_named() -> None:
    check = WebCheck("c", "C", "https://c.example", each="", pointer="", at_most=0)

    look = check.judge({f"group-{number:02}": number for number in range(13)})

    assert look.message.startswith("1 of 13 as it should be, not group-01: 1, more than 0; group-02: 2,")
    assert look.message.endswith("; and 2 more")
    assert (look.is_ok, look.value) == (False, 1.0)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"each": "things"}, "a pointer begins with /"),
        ({"label": "/name"}, "label is of the things of each"),
        ({"each": "/things", "pointer": None}, "each needs a pointer"),
    ],
)
def test_a_check_of_many_things_that_is_wrong_is_refused(changes: dict[str, object], word: str) -> None:
    written = {key: value for key, value in (LOSS | changes).items() if value is not None}

    with pytest.raises(InputError, match=word):
        web_checks(json.dumps([written]))


def test_without_a_pointer_an_answer_is_enough() -> None:
    assert WebCheck("c", "C", "https://c.example").judge(None).is_ok


def test_checks_are_read_from_a_file() -> None:
    [check] = web_checks(json.dumps([LOSS]))

    assert (check.name, check.group, check.at_most, check.every_s) == ("loss-jinr-pnpi", "network", 0.01, 60)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "JSON"),
        ("{}", "list"),
        ("[1]", "object"),
        (json.dumps([{**LOSS, "at_mots": 1}]), "at_mots"),
        (json.dumps([{**LOSS, "at_most": "1"}]), "at_most"),
        (json.dumps([{**LOSS, "at_most": True}]), "at_most"),
        (json.dumps([{**LOSS, "at_most": math.inf}]), "at_most is no finite"),
        (json.dumps([{**LOSS, "title": "a\x00"}]), "title has"),
        (json.dumps([{"name": "a", "title": "A"}]), "url"),
        (json.dumps([{**LOSS, "url": "file:///etc/passwd"}]), "https"),
        (json.dumps([{**LOSS, "pointer": "loss"}]), "pointer"),
        (json.dumps([{**LOSS, "every_s": 1}]), "every_s"),
        (json.dumps([LOSS, LOSS]), "twice"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_words(text: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        web_checks(text)


def test_the_documented_checks_can_be_read() -> None:
    page = (ROOT / "docs" / "service-health.md").read_text()
    [shown] = re.findall(r"```checks\n(.*?)```", page, re.DOTALL)

    checks = {check.name: check for check in web_checks(shown)}
    assert list(checks) == ["loss-jinr-pnpi", "test-jobs", "storage-tokens", "ce-tokens", "groups"]
    [example] = re.findall(r'`(\{"storages".*?\})`', page)
    look = checks["storage-tokens"].judge(json.loads(example))
    assert f"`{look.message}`" in " ".join(page.split())
