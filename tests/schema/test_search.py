"""The search box: what it finds, in which order, and what it refuses."""

import pytest

from gateway.store.database import Database
from gateway.store.remembered import mark_gone, remember
from gateway.store.sources import SourceName
from gateway.store.tasks import Task
from tests.conftest import LOADED_AT
from tests.support.asking import Asker

FOUND = """
query ($text: String!, $kinds: [SearchKind!], $first: Int! = 10) {
  search(text: $text, kinds: $kinds, first: $first) {
    matchedIn
    found {
      __typename
      ... on Request { key: name }
      ... on Task { name }
      ... on Dataset { key: did }
      ... on Person { key: username }
      ... on Site { key: name }
      ... on Queue { key: name }
      ... on Storage { key: name }
      ... on Campaign { key: name }
    }
  }
}
"""


async def found(ask: Asker, text: str, **arguments: object) -> list[tuple[str, str, str]]:
    """Return (type, name, matched field) of each hit."""
    data = await ask(FOUND, text=text, **arguments)
    return [
        (hit["found"]["__typename"], hit["found"].get("key") or hit["found"]["name"], hit["matchedIn"])
        for hit in data["search"]
    ]


async def test_one_number_finds_the_request_its_tasks_and_datasets(ask: Asker) -> None:
    hits = await found(ask, "013", first=2)

    prefix = "MC2025_S1:MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013"
    assert hits == [
        ("Request", "PROD2025-013", "name"),
        ("Task", "PROD2025-013.RECO", "name"),
        ("Task", "PROD2025-013.SIM.2", "name"),
        ("Dataset", f"{prefix}.RECO.1.R", "DID"),
        ("Dataset", f"{prefix}.RECO.1.log", "DID"),
    ]


async def test_a_site_is_found_with_its_queue_and_storage_whatever_the_case(ask: Asker) -> None:
    assert await found(ask, "spbsu") == [
        ("Site", "SPbSU", "name"),
        ("Queue", "SPBSU_SPD", "name"),
        ("Storage", "SPBSU_DISK", "name"),
    ]


async def test_a_task_is_found_by_its_id(ask: Asker) -> None:
    assert await found(ask, "362") == [("Task", "PROD2025-013.SIM.2", "id")]


async def test_an_id_comes_before_names_that_contain_it(own_world: Database) -> None:
    ask = Asker(own_world, LOADED_AT)
    async with own_world.transaction() as session:
        others = [Task(jedi_task_id=900 + n, name=f"A362-{n}", status="done") for n in range(3)]
        await remember(session, others, source=SourceName.PANDA, at=LOADED_AT)

    assert await found(ask, "362", first=1) == [("Task", "PROD2025-013.SIM.2", "id")]
    assert len(await found(ask, "362")) == 4


async def test_exact_names_come_before_beginnings_before_the_rest(own_world: Database) -> None:
    ask = Asker(own_world, LOADED_AT)
    names = ["a-skim", "skim-b", "SKIM", "skim-a"]
    async with own_world.transaction() as session:
        new = [Task(jedi_task_id=900 + n, name=name, status="done") for n, name in enumerate(names)]
        await remember(session, new, source=SourceName.PANDA, at=LOADED_AT)

    hits = await found(ask, "skim", kinds=["TASK"])

    assert [name for _, name, _ in hits] == ["SKIM", "skim-a", "skim-b", "a-skim"]


async def test_every_word_must_stand_somewhere(ask: Asker) -> None:
    assert await found(ask, "skim dimuon") == [
        ("Dataset", "user.analyst:PROD2025-013.RECO.1.dimuon-skim", "DID")
    ]
    assert await found(ask, "skim nonsense") == []


async def test_words_may_stand_in_different_fields(ask: Asker) -> None:
    assert await found(ask, "2025-013 prodman", kinds=["REQUEST"]) == [("Request", "PROD2025-013", "name")]
    assert await found(ask, "prodman 2025-013", kinds=["REQUEST"]) == [
        ("Request", "PROD2025-013", "requested by")
    ]


async def test_a_person_is_found_by_both_names(ask: Asker) -> None:
    assert await found(ask, "vo administrator") == [("Person", "voadmin", "user name")]
    assert await found(ask, "production manager") == [("Person", "prodman", "name")]


async def test_a_campaign_is_found_by_its_name(ask: Asker) -> None:
    assert await found(ask, "spd mc", kinds=["CAMPAIGN"]) == [("Campaign", "SPD MC 2025", "name")]


async def test_only_the_kinds_asked_for_are_searched(ask: Asker) -> None:
    everything = await found(ask, "prodman", first=100)

    assert {kind for kind, _, _ in everything} == {"Request", "Task", "Person"}
    assert await found(ask, "prodman", kinds=["PERSON"]) == [("Person", "prodman", "user name")]
    assert await found(ask, "prodman", kinds=[]) == []


@pytest.mark.parametrize("text", ["%%", "__", "PROD2025_013", "20%5", "\\\\", "' OR 1=1"])
async def test_wildcards_find_nothing_but_themselves(ask: Asker, text: str) -> None:
    assert await found(ask, text) == []


async def test_what_is_gone_is_not_found(own_world: Database) -> None:
    async with own_world.transaction() as session:
        await mark_gone(session, Task, [(362,)], at=LOADED_AT)

    assert await found(Asker(own_world, LOADED_AT), "362") == []


@pytest.mark.parametrize(
    ("text", "first", "code", "message"),
    [
        ("a", 10, "BAD_FILTER", "search for at least 2 characters"),
        ("  a  ", 10, "BAD_FILTER", "search for at least 2 characters"),
        ("", 10, "BAD_FILTER", "search for at least 2 characters"),
        ("\n\t \u2003", 10, "BAD_FILTER", "search for at least 2 characters"),
        ("a b c d e f g h i", 10, "BAD_FILTER", "search for at most 8 words"),
        ("PROD", 0, "BAD_FILTER", "`first` is 0: a search gives 1 to 100 hits of each kind"),
        ("PROD", 101, "BAD_FILTER", "`first` is 101: a search gives 1 to 100 hits of each kind"),
        ("x" * 1001, 10, "BAD_FILTER", "the text has 1001 characters, at most 1000 are allowed"),
        ("a\0b", 10, "BAD_VALUE", "a text contains a NUL character (U+0000), which cannot be stored"),
    ],
)
async def test_what_cannot_be_searched_is_refused_in_words(
    ask: Asker, text: str, first: int, code: str, message: str
) -> None:
    answer = await ask.answer(FOUND, text=text, first=first)

    [error] = answer["errors"]
    assert (error["extensions"]["code"], error["message"]) == (code, message)


async def test_a_number_longer_than_any_id_is_a_text_like_others(ask: Asker) -> None:
    assert await found(ask, "9" * 30) == []
